// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/go-sev-guest/abi"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	tdxabi "github.com/google/go-tdx-guest/abi"
	tpb "github.com/google/go-tdx-guest/proto/tdx"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The message that a line of tests/tools/protobuf_lines.c describes.

func (e *evidence) list(key string) [][]byte {
	var out [][]byte
	for _, text := range strings.Split(e.words[key], ",") {
		if data, err := hex.DecodeString(text); err == nil && text != "" {
			out = append(out, data)
		}
	}
	return out
}

func (e *evidence) snpMessage() (proto.Message, error) {
	attestation, err := e.attestation()
	if err != nil {
		return nil, err
	}
	// as Contrast's issuer: the stepping is always 0
	attestation.Product = &spb.SevProduct{Name: spb.SevProduct_SevProductName(spb.SevProduct_SevProductName_value["SEV_PRODUCT_"+strings.ToUpper(e.words["product"])]),
		MachineStepping: wrapperspb.UInt32(0)}
	if crl := e.bytes["crl"]; crl != nil {
		attestation.CertificateChain.Extras["00569ee4-e480-4fba-bbf4-45b629901180"] = crl // Contrast's key
	}
	if proto.Size(attestation.CertificateChain) == 0 {
		attestation.CertificateChain = nil // left out, not empty
	}
	again, err := abi.ReportToAbiBytes(attestation.Report)
	if err == nil && !bytes.Equal(again, e.bytes["report"]) {
		err = fmt.Errorf("the library does not give the report back")
	}
	return attestation, err
}

func (e *evidence) tdxMessage() (proto.Message, error) {
	quote, err := tdxabi.QuoteToProto(e.bytes["quote"])
	if err != nil {
		return nil, err
	}
	return quote.(*tpb.QuoteV4), nil
}

// fill sets the fields that have a word, those of the messages inside too. A list of messages takes one item of each
// of its fields' lists.
func (e *evidence) fill(m *dynamicpb.Message) {
	list := m.Descriptor().Fields()
	for i := 0; i < list.Len(); i++ {
		field := list.Get(i)
		values := e.list(string(field.Name()))
		switch {
		case field.Kind() == protoreflect.MessageKind && field.IsList():
			e.fillList(m, field)
		case field.Kind() == protoreflect.MessageKind:
			inner := dynamicpb.NewMessage(field.Message())
			e.fill(inner)
			if proto.Size(inner) > 0 {
				m.Set(field, protoreflect.ValueOfMessage(inner))
			}
		case field.IsList():
			for _, value := range values {
				m.Mutable(field).List().Append(protoreflect.ValueOfBytes(value))
			}
		case len(values) == 0:
		case field.Kind() == protoreflect.BoolKind:
			m.Set(field, protoreflect.ValueOfBool(true))
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(string(values[0])))
		default:
			m.Set(field, protoreflect.ValueOfBytes(values[0]))
		}
	}
}

func (e *evidence) fillList(m *dynamicpb.Message, field protoreflect.FieldDescriptor) {
	names := field.Message().Fields()
	count := len(e.list(string(names.Get(0).Name())))
	for n := 0; n < count; n++ {
		one := &evidence{words: map[string]string{}}
		for i := 0; i < names.Len(); i++ {
			name := string(names.Get(i).Name())
			one.words[name] = hex.EncodeToString(e.list(name)[n])
		}
		inner := dynamicpb.NewMessage(field.Message())
		one.fill(inner)
		m.Mutable(field).List().Append(protoreflect.ValueOfMessage(inner))
	}
}

func (e *evidence) message() (proto.Message, error) {
	switch e.kind {
	case "snp":
		return e.snpMessage()
	case "tdx":
		return e.tdxMessage()
	}
	for _, file := range []protoreflect.FileDescriptor{meshFile, userFile} {
		if descriptor := file.Messages().ByName(protoreflect.Name(e.kind)); descriptor != nil {
			m := dynamicpb.NewMessage(descriptor)
			e.fill(m)
			return m, nil
		}
	}
	return nil, fmt.Errorf("no message %s", e.kind)
}

// protobuf: for each line the message's bytes in hex, as Go's library gives them.
func protobufCommand([]string) error {
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
		m, err := e.message()
		if err != nil {
			return err
		}
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			return err
		}
		fmt.Println(hex.EncodeToString(data))
	}
}
