// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/google/go-sev-guest/abi"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	tdxabi "github.com/google/go-tdx-guest/abi"
	tpb "github.com/google/go-tdx-guest/proto/tdx"
	"google.golang.org/protobuf/proto"
)

// Contrast's attested TLS, from docs/formats/atls.md's facts.

const (
	nonceSize = 32
	alpnNonce = "atls:v1:nonce:"
)

var oidSNP, oidTDX = asn1.ObjectIdentifier{1, 3, 9901, 2, 1}, asn1.ObjectIdentifier{1, 3, 9901, 2, 2}

func newNonce() []byte {
	nonce := make([]byte, nonceSize)
	if _, err := rand.Read(nonce); err != nil {
		panic(err)
	}
	return nonce
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func reportData(public interface{}, nonce []byte) ([]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(append(spki, nonce...))
	return sum[:], nil
}

// psp is softpsp on its socket, as a kernel would ask it.
type psp struct {
	mutex sync.Mutex
	conn  net.Conn
}

func openPsp(path string) (*psp, error) {
	for i := 0; ; i++ {
		conn, err := net.Dial("unix", path)
		if err == nil {
			return &psp{conn: conn}, nil
		}
		if i == 200 {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *psp) ask(data []byte) (report, table []byte, err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if _, err := p.conn.Write(append([]byte{0, 64}, data...)); err != nil {
		return nil, nil, err
	}
	var sizes [2]uint32
	if err := binary.Read(p.conn, binary.LittleEndian, &sizes); err != nil {
		return nil, nil, err
	}
	both := make([]byte, sizes[0]+sizes[1])
	if _, err := io.ReadFull(p.conn, both); err != nil {
		return nil, nil, err
	}
	return both[:sizes[0]], both[sizes[0]:], nil
}

// evidence is what Contrast's issuer puts into its certificate.
func (p *psp) evidence(data []byte) ([]byte, error) {
	report, table, err := p.ask(data)
	if err != nil {
		return nil, err
	}
	parsed, err := abi.ReportToProto(report)
	if err != nil {
		return nil, err
	}
	certs := new(abi.CertTable)
	if err := certs.Unmarshal(table); err != nil {
		return nil, err
	}
	attestation := &spb.Attestation{Report: parsed, CertificateChain: certs.Proto(),
		Product: abi.SevProductFromCpuid1Eax(parsed.GetCpuid1EaxFms())}
	return proto.Marshal(attestation)
}

// certificate is self-signed, with the evidence that is not empty in it.
func certificate(key *ecdsa.PrivateKey, evidence []byte) (*tls.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Contrast"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(2 * time.Hour)}
	if len(evidence) > 0 {
		template.ExtraExtensions = []pkix.Extension{{Id: oidSNP, Value: evidence}}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// peerCertificate is the one certificate that a peer showed, good under its own key.
func peerCertificate(raw [][]byte) (*x509.Certificate, error) {
	if len(raw) != 1 {
		return nil, fmt.Errorf("the peer has %d certificates", len(raw))
	}
	cert, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	_, err = cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return cert, err
}

func evidenceOf(cert *x509.Certificate, oid asn1.ObjectIdentifier) []byte {
	for _, ext := range cert.Extensions {
		if ext.Id.Equal(oid) {
			return ext.Value
		}
	}
	return nil
}

// checkEvidence verifies evidence under a test root, for this key and this nonce.
func checkEvidence(cert *x509.Certificate, nonce, root []byte, want *evidence) error {
	attestation := new(spb.Attestation)
	data := evidenceOf(cert, oidSNP)
	if data == nil {
		return errors.New("no evidence in the certificate")
	}
	if err := proto.Unmarshal(data, attestation); err != nil {
		return err
	}
	expected, err := reportData(cert.PublicKey, nonce)
	if err != nil {
		return err
	}
	want.bytes["report_data"] = expected
	return want.judgeAttestation(attestation, root, time.Now())
}

// checkQuote looks at the form of a TDX quote and at what it answers. There is no root for quotes made in a test: the
// signature is not looked at.
func checkQuote(cert *x509.Certificate, nonce []byte) error {
	quote := new(tpb.QuoteV4)
	data := evidenceOf(cert, oidTDX)
	if data == nil {
		return errors.New("no quote in the certificate")
	}
	if err := proto.Unmarshal(data, quote); err != nil {
		return err
	}
	if err := tdxabi.CheckQuoteV4(quote); err != nil {
		return err
	}
	expected, err := reportData(cert.PublicKey, nonce)
	if err != nil {
		return err
	}
	if !bytes.Equal(quote.GetTdQuoteBody().GetReportData(), expected) {
		return errors.New("the quote has other report data")
	}
	return nil
}

// nonceFromHello: the client's nonce, in an ALPN name or, as older clients have it, in the server name.
func nonceFromHello(hello *tls.ClientHelloInfo) ([]byte, error) {
	for _, name := range hello.SupportedProtos {
		if strings.HasPrefix(name, "atls") {
			if !strings.HasPrefix(name, alpnNonce) {
				return nil, fmt.Errorf("unknown version: %s", name)
			}
			return hex.DecodeString(strings.TrimPrefix(name, alpnNonce))
		}
	}
	return base64.StdEncoding.DecodeString(hello.ServerName)
}

// nonceFromNames: the server's nonce, the common name of the one acceptable CA.
func nonceFromNames(names [][]byte) ([]byte, error) {
	if len(names) != 1 {
		return nil, fmt.Errorf("the server has %d acceptable CAs", len(names))
	}
	var sequence pkix.RDNSequence
	if _, err := asn1.Unmarshal(names[0], &sequence); err != nil {
		return nil, err
	}
	var name pkix.Name
	name.FillFromRDNSequence(&sequence)
	nonce, err := base64.StdEncoding.DecodeString(name.CommonName)
	if err == nil && len(nonce) != nonceSize {
		err = fmt.Errorf("a nonce of %d bytes", len(nonce))
	}
	return nonce, err
}

// namePool is a pool whose only use is its names.
func namePool(names ...string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, name := range names {
		key := newKey()
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			return nil, err
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		pool.AddCert(cert)
	}
	return pool, nil
}

func versions(name string) (uint16, uint16) {
	switch name {
	case "1.2":
		return tls.VersionTLS12, tls.VersionTLS12
	case "1.3":
		return tls.VersionTLS13, tls.VersionTLS13
	}
	return tls.VersionTLS12, tls.VersionTLS13
}
