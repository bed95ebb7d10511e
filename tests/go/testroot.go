// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	snpverify "github.com/google/go-sev-guest/verify"
)

// verifyUnderRoot is go-sev-guest's verification without its demand that every name is AMD's: softpsp's names say that
// they are none. The chain is crypto/x509's business; format and signature are the library's. What the certificate
// says about TCB and chip, its validation compares.
func verifyUnderRoot(attestation *spb.Attestation, root []byte, line string, now time.Time) error {
	info, err := abi.ParseSignerInfo(attestation.GetReport().GetSignerInfo())
	if err != nil {
		return err
	}
	if info.SigningKey != abi.VcekReportSigner {
		return fmt.Errorf("not signed by a VCEK")
	}
	if fms := attestation.GetReport().GetCpuid1EaxFms(); fms != 0 {
		if known := kds.ProductLineFromFms(fms); known != line && known != "Unknown" {
			return fmt.Errorf("the report is of another product line than %s", line)
		}
	}
	ark, err := x509.ParseCertificate(root)
	if err != nil {
		return err
	}
	ask, err := x509.ParseCertificate(attestation.GetCertificateChain().GetAskCert())
	if err != nil {
		return err
	}
	vcek, err := x509.ParseCertificate(attestation.GetCertificateChain().GetVcekCert())
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now}
	options.Roots.AddCert(ark)
	options.Intermediates.AddCert(ask)
	if _, err := vcek.Verify(options); err != nil {
		return err
	}
	return snpverify.SnpProtoReportSignature(attestation.GetReport(), vcek)
}
