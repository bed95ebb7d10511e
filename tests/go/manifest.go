// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The part of Contrast's manifest that the stand-in judges by.
type manifest struct {
	Policies        map[string]json.RawMessage
	ReferenceValues struct {
		SNP []struct{ ProductName, TrustedMeasurement string } `json:"snp"`
	}
}

// checkManifest accepts evidence that one pair of reference values and policy fits. The file is read anew for each
// join: an update is a new file.
func (c *coordinator) checkManifest(cert *x509.Certificate, nonce []byte) error {
	text, err := os.ReadFile(c.manifest)
	if err != nil {
		return err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	last := errors.New("the manifest has no reference values or no policies")
	for _, values := range m.ReferenceValues.SNP {
		digest, err := hex.DecodeString(values.TrustedMeasurement)
		if err != nil {
			return err
		}
		for policy := range m.Policies {
			host, err := hex.DecodeString(policy)
			if err != nil {
				return err
			}
			want := &evidence{"snp", map[string]string{"product": values.ProductName},
				map[string][]byte{"measurement": digest, "host_data": host}}
			if last = checkEvidence(cert, nonce, c.root, want); last == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("no entry of the manifest fits, the last one tried says: %w", last)
}

// publish writes what users of the deployment get from it.
func (c *coordinator) publish(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, der := range map[string][]byte{"coordinator-root-ca.pem": c.ca[0].Raw, "mesh-ca.pem": c.ca[2].Raw} {
		if err := os.WriteFile(filepath.Join(folder, name), toPEM(der), 0o644); err != nil {
			return err
		}
	}
	return nil
}
