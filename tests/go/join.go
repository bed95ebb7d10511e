// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// A guest that joins a Coordinator as Contrast's Initializer does.
type initializer struct {
	address string
	psp     *psp
	tls     string
	sni     bool
	bad     string // what is wrong on purpose
	pin     string
}

type joined struct {
	Error   string `json:"error"`
	Code    string `json:"code"`
	TLS     string `json:"tls"`
	Leaf    string `json:"leaf"`
	Secret  string `json:"secret"`
	Seconds float64
}

func (i *initializer) ownCertificate(key *ecdsa.PrivateKey, nonce []byte) (*tls.Certificate, error) {
	shown := key
	switch i.bad {
	case "nonce":
		nonce = newNonce()
	case "key": // a report about another key than the certificate's
		shown = newKey()
	case "bare":
		return certificate(key, nil)
	case "garbage":
		return certificate(key, []byte("evidence"))
	}
	data, err := reportData(&shown.PublicKey, nonce)
	if err != nil {
		return nil, err
	}
	evidence, err := i.psp.evidence(data)
	if err != nil {
		return nil, err
	}
	return certificate(key, evidence)
}

func (i *initializer) config(key *ecdsa.PrivateKey, version *uint16) *tls.Config {
	nonce := newNonce()
	config := &tls.Config{
		InsecureSkipVerify: true, // by VerifyPeerCertificate
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			_, err := peerCertificate(raw)
			return err
		},
		GetClientCertificate: func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			*version = request.Version
			if i.bad == "none" {
				return new(tls.Certificate), nil
			}
			theirs, err := nonceFromNames(request.AcceptableCAs)
			if err != nil {
				return nil, err
			}
			return i.ownCertificate(key, theirs)
		},
		NextProtos: []string{alpnNonce + hex.EncodeToString(nonce), "h2"},
	}
	if i.sni {
		config.ServerName, config.NextProtos = base64.StdEncoding.EncodeToString(nonce), []string{"h2"}
	}
	if i.bad == "version" {
		config.NextProtos[0] = "atls:v2:nonce:" + hex.EncodeToString(nonce)
	}
	config.MinVersion, config.MaxVersion = versions(i.tls)
	return config
}

func parsePEM(data []byte, count int) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for len(data) > 0 {
		block, rest := pem.Decode(data)
		if block == nil {
			return nil, errors.New("not PEM")
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs, data = append(certs, cert), rest
	}
	if len(certs) != count {
		return nil, fmt.Errorf("%d certificates instead of %d", len(certs), count)
	}
	return certs, nil
}

// checkChain: the leaf is for our key, and good under both CAs, the root of which is the pinned one.
func (i *initializer) checkChain(key *ecdsa.PrivateKey, meshPEM, chainPEM, rootPEM []byte) error {
	mesh, err := parsePEM(meshPEM, 1)
	if err != nil {
		return err
	}
	chain, err := parsePEM(chainPEM, 2)
	if err != nil {
		return err
	}
	root, err := parsePEM(rootPEM, 1)
	if err != nil {
		return err
	}
	if !key.PublicKey.Equal(chain[0].PublicKey) {
		return errors.New("the certificate is for another key")
	}
	if sum := sha256.Sum256(root[0].RawSubjectPublicKeyInfo); i.pin != "" && hex.EncodeToString(sum[:]) != i.pin {
		return errors.New("another root CA")
	}
	for _, top := range []*x509.Certificate{mesh[0], root[0]} {
		options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		options.Roots.AddCert(top)
		if top == root[0] {
			options.Intermediates.AddCert(chain[1])
		}
		if _, err := chain[0].Verify(options); err != nil {
			return err
		}
	}
	return nil
}

// nameless credentials do not tell gRPC their server name, which may be a nonce: it would become the :authority.
type nameless struct {
	credentials.TransportCredentials
}

func (n nameless) Info() credentials.ProtocolInfo {
	info := n.TransportCredentials.Info()
	info.ServerName = ""
	return info
}

func (n nameless) Clone() credentials.TransportCredentials {
	return nameless{n.TransportCredentials.Clone()}
}

func (i *initializer) join() (out joined) {
	start, key, version := time.Now(), newKey(), uint16(0)
	fail := func(err error) joined {
		return joined{Error: err.Error(), Code: status.Code(err).String()}
	}
	conn, err := grpc.NewClient("passthrough:///"+i.address,
		grpc.WithTransportCredentials(nameless{credentials.NewTLS(i.config(key, &version))}))
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	response := newMessage(meshFile, "NewMeshCertResponse")
	if err := conn.Invoke(ctx, "/meshapi.MeshAPI/NewMeshCert", newMessage(meshFile, "NewMeshCertRequest"), response); err != nil {
		return fail(err)
	}
	chain := getBytes(response, "CertChain")
	if err := i.checkChain(key, getBytes(response, "MeshCACert"), chain, getBytes(response, "RootCACert")); err != nil {
		return fail(err)
	}
	out = joined{Leaf: string(chain), Secret: hex.EncodeToString(getBytes(response, "WorkloadSecret")), TLS: "1.3",
		Seconds: time.Since(start).Seconds()}
	if version == tls.VersionTLS12 {
		out.TLS = "1.2"
	}
	return out
}

// join: one line of JSON for each of the clients, which join at the same time.
func joinCommand(args []string) error {
	flags := flag.NewFlagSet("join", flag.ExitOnError)
	i := new(initializer)
	socket, count := flags.String("psp", "", "softpsp's socket"), flags.Int("count", 1, "clients at once")
	flags.StringVar(&i.address, "address", "", "the Coordinator's mesh API")
	flags.StringVar(&i.tls, "tls", "", "1.2 or 1.3 only")
	flags.StringVar(&i.bad, "bad", "", "nonce, key, bare, garbage, none, version: what to do wrong")
	flags.StringVar(&i.pin, "pin", "", "SHA-256 of the root CA's key")
	flags.BoolVar(&i.sni, "sni", false, "the nonce as server name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if i.psp, err = openPsp(*socket); err != nil {
		return err
	}
	results := make([]joined, *count)
	var group sync.WaitGroup
	for n := range results {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			results[n] = i.join()
		}(n)
	}
	group.Wait()
	out := json.NewEncoder(os.Stdout)
	for _, result := range results {
		if err := out.Encode(result); err != nil {
			return err
		}
	}
	return nil
}
