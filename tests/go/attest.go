// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// The answer of /attest, with the types that a Go client gives these keys (docs/formats/http-attest.md).
type attestAnswer struct {
	Version   string                `json:"version"`
	Evidence  []byte                `json:"raw_attestation_doc"`
	Type      asn1.ObjectIdentifier `json:"attestation_type"`
	Manifests [][]byte              `json:"manifests"`
	Policies  [][]byte              `json:"policies"`
	RootCA    []byte                `json:"root_ca"`
	MeshCA    []byte                `json:"mesh_ca"`
	Code      string                `json:"code"`
	Error     string                `json:"error"`
}

// What the report must hold for this answer and nonce.
func (a *attestAnswer) reportData(nonce []byte) []byte {
	var transition [32]byte
	for _, m := range a.Manifests {
		digest := sha256.Sum256(m)
		transition = sha256.Sum256(append(digest[:], transition[:]...))
	}
	root, mesh := sha256.Sum256(a.RootCA), sha256.Sum256(a.MeshCA)
	all := sha256.Sum256(bytes.Join([][]byte{nonce, transition[:], root[:], mesh[:]}, nil))
	return append(all[:], make([]byte, 32)...)
}

// attest URL: asks with a nonce of its own. Prints status, OID, number of manifests and policies, report data, evidence.
func attestCommand(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: attest URL")
	}
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	body, err := json.Marshal(map[string][]byte{"nonce": nonce})
	if err != nil {
		return err
	}
	response, err := http.Post(args[0], "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var a attestAnswer
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		fmt.Println(response.StatusCode, a.Code, a.Error)
		return nil
	}
	fmt.Println(response.StatusCode, a.Type, len(a.Manifests), len(a.Policies), hex.EncodeToString(a.reportData(nonce)),
		hex.EncodeToString(a.Evidence))
	return nil
}
