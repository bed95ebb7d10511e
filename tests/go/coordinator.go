// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// A Coordinator's mesh API as Contrast's, for one policy (the host data and the launch digest that it admits) or for
// those of a manifest.
type coordinator struct {
	psp      *psp // for its own evidence; nil: none
	root     []byte
	want     *evidence
	tls      string
	bad      string // what is wrong on purpose
	manifest string // file, in place of want
	quotes   bool   // take TDX quotes that no one has signed
	secret   []byte
	ca       [3]*x509.Certificate // root, intermediate, mesh CA
	keys     [2]*ecdsa.PrivateKey // root's; intermediate's and mesh CA's
	log      *json.Encoder
	mutex    sync.Mutex
	nonces   map[string][]byte // of connections, by the client's address
}

func authority(subject, issuer string, key, signer *ecdsa.PrivateKey, parent *x509.Certificate) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "system:coordinator:" + subject},
		Issuer: pkix.Name{CommonName: "system:coordinator:" + issuer}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		BasicConstraintsValid: true, IsCA: true}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (c *coordinator) makeCA() (err error) {
	for i := range c.keys {
		if c.keys[i], err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
			return err
		}
	}
	root, inner := c.keys[0], c.keys[1]
	if c.ca[0], err = authority("root", "root", root, root, nil); err != nil {
		return err
	}
	if c.ca[1], err = authority("intermediate", "root", inner, root, c.ca[0]); err != nil {
		return err
	}
	c.ca[2], err = authority("intermediate", "intermediate", inner, inner, nil)
	return err
}

func (c *coordinator) leaf(public interface{}) ([]byte, error) {
	if c.bad == "leaf" {
		public = &newKey().PublicKey
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "guest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), DNSNames: []string{"guest"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	return x509.CreateCertificate(rand.Reader, template, c.ca[1], public, c.keys[1])
}

func toPEM(certs ...[]byte) []byte {
	var out []byte
	for _, der := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}

// names are the acceptable CAs: one, for the nonce.
func (c *coordinator) names(nonce []byte) (*x509.CertPool, error) {
	name := base64.StdEncoding.EncodeToString(nonce)
	switch c.bad {
	case "no name":
		return nil, nil
	case "two names":
		return namePool(name, base64.StdEncoding.EncodeToString(newNonce()))
	case "short nonce":
		return namePool(base64.StdEncoding.EncodeToString(nonce[:31]))
	case "wrong nonce": // sends one, expects another
		return namePool(base64.StdEncoding.EncodeToString(newNonce()))
	}
	return namePool(name)
}

func (c *coordinator) ownCertificate(nonce []byte) (*tls.Certificate, error) {
	key := newKey()
	if c.psp == nil {
		return certificate(key, nil)
	}
	attested := key
	if c.bad == "other key" {
		attested = newKey()
	}
	if c.bad == "other nonce" {
		nonce = newNonce()
	}
	data, err := reportData(&attested.PublicKey, nonce)
	if err != nil {
		return nil, err
	}
	own, err := c.psp.evidence(data)
	if err != nil {
		return nil, err
	}
	return certificate(key, own)
}

// config of one connection: every one has its own nonces, key and evidence.
func (c *coordinator) config(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	theirs, err := nonceFromHello(hello)
	if err != nil || len(theirs) != nonceSize {
		return nil, fmt.Errorf("no nonce from the client: %v", err)
	}
	own, err := c.ownCertificate(theirs)
	if err != nil {
		return nil, err
	}
	nonce := newNonce()
	pool, err := c.names(nonce)
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	c.nonces[hello.Conn.RemoteAddr().String()] = nonce
	c.mutex.Unlock()
	config := &tls.Config{Certificates: []tls.Certificate{*own}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool,
		NextProtos: []string{"h2"}, SessionTicketsDisabled: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			_, err := peerCertificate(raw)
			return err
		}}
	if c.bad == "no request" {
		config.ClientAuth = tls.NoClientCert
	}
	config.MinVersion, config.MaxVersion = versions(c.tls)
	return config, nil
}

// newMeshCert is the one call.
func (c *coordinator) newMeshCert(ctx context.Context) (interface{}, error) {
	from, _ := peer.FromContext(ctx)
	info, ok := from.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) != 1 {
		return nil, status.Error(codes.Unauthenticated, "no client certificate")
	}
	c.mutex.Lock()
	nonce := c.nonces[from.Addr.String()]
	c.mutex.Unlock()
	cert := info.State.PeerCertificates[0]
	if err := c.judge(cert, nonce); err != nil {
		return nil, status.Error(codes.PermissionDenied, err.Error())
	}
	if c.bad == "unavailable" {
		return nil, status.Error(codes.Unavailable, "not now: \u00fc")
	}
	leaf, err := c.leaf(cert.PublicKey)
	if err != nil {
		return nil, err
	}
	response := newMessage(meshFile, "NewMeshCertResponse")
	setBytes(response, "MeshCACert", toPEM(c.ca[2].Raw))
	setBytes(response, "CertChain", toPEM(leaf, c.ca[1].Raw))
	setBytes(response, "RootCACert", toPEM(c.ca[0].Raw))
	setBytes(response, "WorkloadSecret", c.secret)
	return response, nil
}

func (c *coordinator) judge(cert *x509.Certificate, nonce []byte) error {
	if c.quotes {
		return checkQuote(cert, nonce)
	}
	if c.manifest != "" {
		return c.checkManifest(cert, nonce)
	}
	want := &evidence{"snp", c.want.words, map[string][]byte{}}
	for key, value := range c.want.bytes {
		want.bytes[key] = value
	}
	return checkEvidence(cert, nonce, c.root, want)
}

func (c *coordinator) handle(_ interface{}, ctx context.Context, decode func(interface{}) error,
	_ grpc.UnaryServerInterceptor) (interface{}, error) {
	if err := decode(newMessage(meshFile, "NewMeshCertRequest")); err != nil {
		return nil, err
	}
	response, err := c.newMeshCert(ctx)
	from, _ := peer.FromContext(ctx)
	version := "1.3"
	if info, ok := from.AuthInfo.(credentials.TLSInfo); ok && info.State.Version == tls.VersionTLS12 {
		version = "1.2"
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if logged := c.log.Encode(map[string]string{"code": status.Code(err).String(), "text": status.Convert(err).Message(),
		"tls": version}); logged != nil {
		return nil, logged
	}
	return response, err
}

// coordinator: serves until it is ended. The first line of its output says where, and the root CA's pin.
func coordinatorCommand(args []string) error {
	flags := flag.NewFlagSet("coordinator", flag.ExitOnError)
	c := &coordinator{want: &evidence{"snp", map[string]string{}, map[string][]byte{}}, nonces: map[string][]byte{}}
	socket, rootFile := flags.String("psp", "", "softpsp's socket, for own evidence"), flags.String("test-root", "", "DER or PEM")
	address := flags.String("listen", "127.0.0.1:0", "address and port")
	product := flags.String("product", "Genoa", "of the guests")
	host, digest := flags.String("host-data", "", "hex"), flags.String("measurement", "", "hex")
	secret := flags.String("secret", "", "the workload secret, hex")
	out := flags.String("ca-out", "", "folder for the root CA's and the mesh CA's certificate")
	flags.StringVar(&c.manifest, "manifest", "", "Contrast's manifest, read anew for each join")
	flags.BoolVar(&c.quotes, "quotes", false, "take TDX quotes of the right form, whoever signed them")
	flags.StringVar(&c.tls, "tls", "", "1.2 or 1.3 only")
	flags.StringVar(&c.bad, "bad", "", "what to do wrong: see names, leaf, ownCertificate, config")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := os.ReadFile(*rootFile)
	if err != nil {
		return err
	}
	if block, _ := pem.Decode(root); block != nil {
		root = block.Bytes
	}
	c.root = root
	c.want.words["product"] = *product
	for key, value := range map[string]string{"host_data": *host, "measurement": *digest} {
		if c.want.bytes[key], err = hex.DecodeString(value); err != nil {
			return err
		}
	}
	if c.secret, err = hex.DecodeString(*secret); err != nil {
		return err
	}
	if *socket != "" {
		if c.psp, err = openPsp(*socket); err != nil {
			return err
		}
	}
	if err := c.makeCA(); err != nil {
		return err
	}
	if *out != "" {
		if err := c.publish(*out); err != nil {
			return err
		}
	}
	file, err := output()
	if err != nil {
		return err
	}
	c.log = json.NewEncoder(file)
	return c.serve(*address)
}

func (c *coordinator) serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	pin := sha256.Sum256(c.ca[0].RawSubjectPublicKeyInfo)
	if err := c.log.Encode(map[string]string{"address": listener.Addr().String(), "pin": hex.EncodeToString(pin[:])}); err != nil {
		return err
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{GetConfigForClient: c.config})))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "meshapi.MeshAPI", HandlerType: (*interface{})(nil),
		Methods: []grpc.MethodDesc{{MethodName: "NewMeshCert", Handler: c.handle}}}, nil)
	return server.Serve(listener)
}
