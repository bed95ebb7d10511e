// SPDX-License-Identifier: GPL-2.0-or-later

// go-peer: the other end for nacre's tests, from Go's own libraries: crypto/tls, grpc, protobuf, go-sev-guest and
// go-tdx-guest. None of it goes into a guest or a tool.
package main

import (
	"fmt"
	"os"
)

var commands = map[string]func(args []string) error{
	"attest":      attestCommand,
	"coordinator": coordinatorCommand,
	"join":        joinCommand,
	"protobuf":    protobufCommand,
	"user":        userCommand,
	"verify":      verifyLines,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go-peer COMMAND ...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-peer:", err)
		os.Exit(1)
	}
}
