// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	snpvalidate "github.com/google/go-sev-guest/validate"
	snpverify "github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/trust"
	tdxabi "github.com/google/go-tdx-guest/abi"
	tdxvalidate "github.com/google/go-tdx-guest/validate"
	tdxverify "github.com/google/go-tdx-guest/verify"
)

// A case as tests/tools/verify_lines.c has it: words key=value, bytes in hex.
type evidence struct {
	kind  string
	words map[string]string
	bytes map[string][]byte
}

func parseLine(text string) (*evidence, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("empty line")
	}
	e := &evidence{words[0], map[string]string{}, map[string][]byte{}}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		e.words[key] = value
		if data, err := hex.DecodeString(value); err == nil {
			e.bytes[key] = data
		}
	}
	return e, nil
}

func (e *evidence) number(key string) int64 {
	n, _ := strconv.ParseInt(e.words[key], 0, 64)
	return n
}

func (e *evidence) now() time.Time {
	return time.Unix(e.number("now"), 0)
}

func (e *evidence) attestation() (*spb.Attestation, error) {
	report, err := abi.ReportToProto(e.bytes["report"])
	if err != nil {
		return nil, err
	}
	return &spb.Attestation{Report: report, CertificateChain: &spb.CertificateChain{
		VcekCert: e.bytes["vcek"], VlekCert: e.bytes["vlek"], AskCert: e.bytes["ask"], ArkCert: e.bytes["ark"],
		Extras: map[string][]byte{}}}, nil
}

func (e *evidence) snpOptions() *snpvalidate.Options {
	vmpl := int(e.number("vmpl"))
	options := &snpvalidate.Options{
		GuestPolicy:               abi.SnpPolicy{SMT: true},
		ReportData:                e.bytes["report_data"],
		HostData:                  e.bytes["host_data"],
		Measurement:               e.bytes["measurement"],
		VMPL:                      &vmpl,
		PermitProvisionalFirmware: true,
	}
	if tcb := e.bytes["tcb_min"]; len(tcb) == 4 {
		options.MinimumTCB = kds.TCBParts{BlSpl: tcb[0], TeeSpl: tcb[1], SnpSpl: tcb[2], UcodeSpl: tcb[3]}
	}
	return options
}

// AMD's root as the library has it, and the intermediate that came with the evidence. The library would take its own
// copy of that one, of which it has none for a VLEK; and it does not know the models of Bergamo and Siena.
func (e *evidence) verifySNP(attestation *spb.Attestation) error {
	line := e.words["product"]
	own := trust.DefaultRootCerts[line]
	if own == nil {
		return fmt.Errorf("no root for %q", line)
	}
	ask, err := x509.ParseCertificate(e.bytes["ask"])
	if err != nil {
		return err
	}
	root := trust.AMDRootCertsProduct(line)
	root.ProductCerts = &trust.ProductCerts{Ark: own.ProductCerts.Ark, Ask: ask, Asvk: ask}
	roots := map[string][]*trust.AMDRootCerts{line: {root}}
	if line == "Genoa" {
		roots["Unknown"] = roots[line]
	}
	return snpverify.SnpAttestation(attestation,
		&snpverify.Options{DisableCertFetching: true, Now: e.now(), TrustedRoots: roots})
}

func (e *evidence) judgeSNP() error {
	attestation, err := e.attestation()
	if err != nil {
		return err
	}
	return e.judgeAttestation(attestation, e.bytes["test_root"], e.now())
}

func (e *evidence) judgeAttestation(attestation *spb.Attestation, root []byte, now time.Time) error {
	var err error
	if root != nil {
		err = verifyUnderRoot(attestation, root, e.words["product"], now)
	} else {
		err = e.verifySNP(attestation)
	}
	if err != nil {
		return err
	}
	return snpvalidate.SnpAttestation(attestation, e.snpOptions())
}

var upperFmspc = regexp.MustCompile(`^\{"tcbInfo":\{.*"fmspc":"([0-9A-F]{12})"`)

// The library compares Intel's FMSPC in upper case with one in lower case. Its JSON decoder merges a second member that
// differs in case only, which it does not look for in what is signed: that gives it the value in lower case.
func lowerFmspc(body []byte) []byte {
	found := upperFmspc.FindSubmatch(body)
	if found == nil || body[len(body)-1] != '}' || bytes.Contains(body, []byte("TCBINFO")) {
		return body
	}
	more := fmt.Sprintf(`,"TCBINFO":{"fmspc":"%s"}}`, bytes.ToLower(found[1]))
	return append(append([]byte{}, body[:len(body)-1]...), more...)
}

// Intel's answers, from the line.
func (e *evidence) Get(address string) (map[string][]string, []byte, error) {
	header := func(name, chain string) map[string][]string {
		return map[string][]string{name: {url.QueryEscape(string(e.bytes[chain]))}}
	}
	switch {
	case strings.Contains(address, "/qe/identity"):
		return header("Sgx-Enclave-Identity-Issuer-Chain", "qe_identity_chain"), e.bytes["qe_identity"], nil
	case strings.Contains(address, "/tcb?"):
		return header("Tcb-Info-Issuer-Chain", "tcb_info_chain"), lowerFmspc(e.bytes["tcb_info"]), nil
	case strings.Contains(address, "/pckcrl"):
		return header("Sgx-Pck-Crl-Issuer-Chain", "pck_crl_chain"), e.bytes["pck_crl"], nil
	case strings.HasSuffix(address, ".der") || strings.HasSuffix(address, ".crl"):
		return nil, e.bytes["root_crl"], nil
	}
	return nil, nil, fmt.Errorf("nothing is at %s", address)
}

func (e *evidence) judgeTDX() error {
	quote, err := tdxabi.QuoteToProto(e.bytes["quote"])
	if err != nil {
		return err
	}
	options := &tdxverify.Options{CheckRevocations: true, GetCollateral: true, Getter: e, Now: e.now()}
	if err := tdxverify.TdxQuote(quote, options); err != nil {
		return err
	}
	body := tdxvalidate.TdQuoteBodyOptions{ReportData: e.bytes["report_data"], MrTd: e.bytes["mr_td"],
		MrConfigID: e.bytes["mr_config_id"]}
	if rtmrs := e.bytes["rtmrs"]; len(rtmrs) == 192 {
		body.Rtmrs = [][]byte{rtmrs[:48], rtmrs[48:96], rtmrs[96:144], rtmrs[144:]}
	}
	return tdxvalidate.TdxQuote(quote, &tdxvalidate.Options{TdQuoteBodyOptions: body})
}

// What the libraries do with bytes that they did not foresee is their verdict too.
func (e *evidence) judge() (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("panic: %v", why)
		}
	}()
	if e.kind == "snp" {
		return e.judgeSNP()
	}
	return e.judgeTDX()
}

// output is the standard output, kept from the libraries' warnings, which their logger puts there.
func output() (*os.File, error) {
	fd, err := syscall.Dup(1)
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "output"), syscall.Dup2(int(null.Fd()), 1)
}

// processorTime is what this process has used, its garbage collector's too, in nanoseconds.
func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// verify [--bench N]: a line of JSON for each line.
func verifyLines(args []string) error {
	flags := flag.NewFlagSet("verify", flag.ExitOnError)
	rounds := flags.Int("bench", 1, "judge each line so often")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := output()
	if err != nil {
		return err
	}
	out := json.NewEncoder(file)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		text, err := in.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		e, err := parseLine(text)
		if err != nil {
			return err
		}
		var verdict error
		start := processorTime()
		for i := 0; i < *rounds; i++ {
			verdict = e.judge()
		}
		answer := map[string]interface{}{"accepted": verdict == nil, "text": "",
			"ns": (processorTime() - start) / int64(*rounds)}
		if verdict != nil {
			answer["text"] = verdict.Error()
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}
