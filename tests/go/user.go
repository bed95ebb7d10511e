// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"math/big"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// An operator of the deployment, as Contrast's command line is one: the user API over attested TLS.
type user struct {
	address string
	tls     string
	key     crypto.Signer // shown in a certificate; nil: none is
	root    []byte        // of the Coordinator's evidence; nil: none is demanded
	want    *evidence     // what it must say
}

func readKey(path string) (crypto.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			return key.(crypto.Signer), nil
		}
	}
	return nil, errors.New(path + ": no private key")
}

func (u *user) certificate() (*tls.Certificate, error) {
	if u.key == nil {
		return new(tls.Certificate), nil
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "user"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, u.key.Public(), u.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: u.key}, nil
}

func (u *user) call(method string, request, response *dynamicpb.Message) error {
	nonce := newNonce()
	config := &tls.Config{
		InsecureSkipVerify: true, // by VerifyPeerCertificate
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			cert, err := peerCertificate(raw)
			if err == nil && u.root != nil {
				err = checkEvidence(cert, nonce, u.root, u.want)
			}
			return err
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return u.certificate() },
		NextProtos:           []string{alpnNonce + hex.EncodeToString(nonce), "h2"},
	}
	config.MinVersion, config.MaxVersion = versions(u.tls)
	conn, err := grpc.NewClient("passthrough:///"+u.address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	return conn.Invoke(ctx, "/edgelesssys.contrast.userapi.UserAPI/"+method, request, response)
}

func appendBytes(m *dynamicpb.Message, name string, value []byte) {
	m.Mutable(m.Descriptor().Fields().ByName(protoreflect.Name(name))).List().Append(protoreflect.ValueOfBytes(value))
}

// show turns a message into values for JSON: bytes as hex, texts that are PEM as they are.
func show(m protoreflect.Message) map[string]interface{} {
	value := func(field protoreflect.FieldDescriptor, v protoreflect.Value) interface{} {
		switch field.Kind() {
		case protoreflect.MessageKind:
			return show(v.Message())
		case protoreflect.BytesKind:
			if strings.HasPrefix(string(v.Bytes()), "-----BEGIN") {
				return string(v.Bytes())
			}
			return hex.EncodeToString(v.Bytes())
		}
		return v.Interface()
	}
	out := map[string]interface{}{}
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !field.IsList() {
			out[string(field.Name())] = value(field, v)
			return true
		}
		items := []interface{}{}
		for i := 0; i < v.List().Len(); i++ {
			items = append(items, value(field, v.List().Get(i)))
		}
		out[string(field.Name())] = items
		return true
	})
	return out
}

// openShares adds the seed that each share of the response holds for this key.
func openShares(out map[string]interface{}, path string) error {
	doc, ok := out["SeedSharesDoc"].(map[string]interface{})
	if path == "" || !ok {
		return nil
	}
	key, err := readKey(path)
	if err != nil {
		return err
	}
	for _, share := range doc["SeedShares"].([]interface{}) {
		data, err := hex.DecodeString(share.(map[string]interface{})["EncryptedSeed"].(string))
		if err != nil {
			return err
		}
		seed, err := rsa.DecryptOAEP(sha256.New(), rand.Reader, key.(*rsa.PrivateKey), data, []byte("seedshare"))
		if err != nil {
			return err
		}
		share.(map[string]interface{})["Seed"] = hex.EncodeToString(seed)
	}
	return nil
}

func (u *user) expect(name string) func(string) error {
	return func(text string) (err error) {
		u.want.bytes[name], err = hex.DecodeString(text)
		return err
	}
}

// user SetManifest|GetManifests|Recover: one call; prints the answer as JSON, with "code" and "error".
func userCommand(args []string) error {
	if len(args) == 0 {
		return errors.New("user: no call named")
	}
	flags := flag.NewFlagSet("user", flag.ExitOnError)
	u := &user{want: &evidence{"snp", map[string]string{"product": "Genoa"}, map[string][]byte{}}}
	flags.StringVar(&u.address, "address", "", "the Coordinator's user API")
	flags.StringVar(&u.tls, "tls", "", "1.2 or 1.3 only")
	keyFile, shareKey := flags.String("key", "", "private key to show"), flags.String("share-key", "", "opens a seed share")
	manifestFile, policies := flags.String("manifest", "", "file"), flags.String("policies", "", "files, by commas")
	seed, salt := flags.String("seed", "", "hex"), flags.String("salt", "", "hex")
	root := flags.String("test-root", "", "DER, of the Coordinator's evidence, which is demanded then")
	flags.Func("measurement", "of the Coordinator, hex", u.expect("measurement"))
	flags.Func("host-data", "of the Coordinator, hex", u.expect("host_data"))
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var err error
	if *root != "" {
		if u.root, err = os.ReadFile(*root); err != nil {
			return err
		}
	}
	if *keyFile != "" {
		if u.key, err = readKey(*keyFile); err != nil {
			return err
		}
	}
	request := newMessage(userFile, args[0]+"Request")
	if args[0] == "SetManifest" {
		err = fillSetManifest(request, *manifestFile, *policies)
	} else if args[0] == "Recover" {
		(&evidence{words: map[string]string{"Seed": *seed, "Salt": *salt}}).fill(request)
	}
	if err != nil {
		return err
	}
	response := newMessage(userFile, args[0]+"Response")
	called := u.call(args[0], request, response)
	out := show(response)
	if err := openShares(out, *shareKey); err != nil {
		return err
	}
	out["code"], out["error"] = status.Code(called).String(), status.Convert(called).Message()
	return json.NewEncoder(os.Stdout).Encode(out)
}

func fillSetManifest(request *dynamicpb.Message, manifestFile, policies string) error {
	text, err := os.ReadFile(manifestFile)
	if err != nil {
		return err
	}
	setBytes(request, "Manifest", text)
	for _, name := range strings.Split(policies, ",") {
		if text, err = os.ReadFile(name); err != nil {
			return err
		}
		appendBytes(request, "Policies", text)
	}
	return nil
}
