// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Contrast's messages by their numbers: what a .proto file and its compiler would give. A field is its name and type:
// "bytes", "string", "bool" or a message of the same file; "*" before it: repeated.
type fields [][2]string

var meshMessages = map[string]fields{
	"NewMeshCertRequest":  {},
	"NewMeshCertResponse": {{"MeshCACert", "bytes"}, {"CertChain", "bytes"}, {"RootCACert", "bytes"}, {"WorkloadSecret", "bytes"}},
}

var userMessages = map[string]fields{
	"SetManifestRequest":   {{"Manifest", "bytes"}, {"Policies", "*bytes"}},
	"SetManifestResponse":  {{"RootCA", "bytes"}, {"MeshCA", "bytes"}, {"SeedSharesDoc", "SeedShareDocument"}},
	"SeedShareDocument":    {{"SeedShares", "*SeedShare"}, {"Salt", "bytes"}},
	"SeedShare":            {{"PublicKey", "string"}, {"EncryptedSeed", "bytes"}},
	"GetManifestsRequest":  {},
	"GetManifestsResponse": {{"Manifests", "*bytes"}, {"Policies", "*bytes"}, {"RootCA", "bytes"}, {"MeshCA", "bytes"}, {"LatestTransition", "LatestTransition"}},
	"LatestTransition":     {{"TransitionHash", "bytes"}, {"Signature", "bytes"}},
	"RecoverRequest":       {{"Seed", "bytes"}, {"Salt", "bytes"}, {"Force", "bool"}},
	"RecoverResponse":      {},
}

func describe(file, pkg string, messages map[string]fields) protoreflect.FileDescriptor {
	f := &descriptorpb.FileDescriptorProto{Name: &file, Package: &pkg, Syntax: proto.String("proto3")}
	types := map[string]descriptorpb.FieldDescriptorProto_Type{"bytes": descriptorpb.FieldDescriptorProto_TYPE_BYTES,
		"string": descriptorpb.FieldDescriptorProto_TYPE_STRING, "bool": descriptorpb.FieldDescriptorProto_TYPE_BOOL}
	for name, list := range messages {
		m := &descriptorpb.DescriptorProto{Name: proto.String(name)}
		for i, field := range list {
			kind, label := field[1], descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
			if kind[0] == '*' {
				kind, label = kind[1:], descriptorpb.FieldDescriptorProto_LABEL_REPEATED
			}
			d := &descriptorpb.FieldDescriptorProto{Name: proto.String(field[0]), Number: proto.Int32(int32(i + 1)),
				Label: label.Enum()}
			if t, ok := types[kind]; ok {
				d.Type = t.Enum()
			} else {
				d.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
				d.TypeName = proto.String("." + pkg + "." + kind)
			}
			m.Field = append(m.Field, d)
		}
		f.MessageType = append(f.MessageType, m)
	}
	made, err := protodesc.NewFile(f, nil)
	if err != nil {
		panic(err)
	}
	return made
}

var (
	meshFile = describe("meshapi.proto", "meshapi", meshMessages)
	userFile = describe("userapi.proto", "edgelesssys.contrast.userapi", userMessages)
)

func newMessage(file protoreflect.FileDescriptor, name string) *dynamicpb.Message {
	return dynamicpb.NewMessage(file.Messages().ByName(protoreflect.Name(name)))
}

func setBytes(m *dynamicpb.Message, name string, value []byte) {
	m.Set(m.Descriptor().Fields().ByName(protoreflect.Name(name)), protoreflect.ValueOfBytes(value))
}

func getBytes(m *dynamicpb.Message, name string) []byte {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name))).Bytes()
}
