package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"

	"tsuiseki/chains"
)

// Script types. Witness versions without a meaning yet are "witness_v2" to
// "witness_v16", and "witness_v1" where not of taproot's length.
const (
	P2PK        = "p2pk"
	P2PKH       = "p2pkh"
	P2SH        = "p2sh"
	P2WPKH      = "p2wpkh"
	P2WSH       = "p2wsh"
	P2TR        = "p2tr"
	Multisig    = "multisig"
	OpReturn    = "op_return"
	Nonstandard = "nonstandard"
)

const (
	op0             = 0x00
	op1             = 0x51
	op16            = 0x60
	opReturn        = 0x6a
	opDup           = 0x76
	opEqual         = 0x87
	opEqualVerify   = 0x88
	opHash160       = 0xa9
	opCheckSig      = 0xac
	opCheckMultisig = 0xae
	pushHash        = 20
)

// nameHash is how much of a script's SHA-256 stands in its stable name.
const nameHash = 20

// Describe gives a script its address and type. P2PK has the address of its
// key's hash, as the same key spends both. Bare multisig, OP_RETURN and
// nonstandard scripts have no address: their name is the type and 20 bytes of
// the script's SHA-256, "multisig:00112233…".
func (n *Network) Describe(script []byte) (chains.Address, string) {
	kind, payload := classify(script)
	switch kind {
	case P2PK:
		return n.base58(n.p2pkh, address.Hash160(payload)), kind
	case P2PKH:
		return n.base58(n.p2pkh, payload), kind
	case P2SH:
		return n.base58(n.p2sh, payload), kind
	case Multisig, OpReturn, Nonstandard:
		sum := sha256.Sum256(script)
		return chains.Address(kind + ":" + hex.EncodeToString(sum[:nameHash])), kind
	default:
		return n.segwit(script[0], payload), kind
	}
}

// Key is the first eight bytes of the SHA-256 of the script; of a P2PK's, those
// of the P2PKH script with the same address.
func (n *Network) Key(script []byte) uint64 {
	if kind, key := classify(script); kind == P2PK {
		return scriptKey(pubKeyHashScript(address.Hash160(key)))
	}
	return scriptKey(script)
}

func scriptKey(script []byte) uint64 {
	sum := sha256.Sum256(script)
	return binary.BigEndian.Uint64(sum[:])
}

func pubKeyHashScript(hash []byte) []byte {
	script := append([]byte{opDup, opHash160, pushHash}, hash...)
	return append(script, opEqualVerify, opCheckSig)
}

// AddressKey reads an address of this network, or a stable script name.
func (n *Network) AddressKey(text string) (chains.Address, uint64, error) {
	if kind, digits, ok := strings.Cut(text, ":"); ok {
		sum, err := hex.DecodeString(digits)
		if err != nil || len(sum) != nameHash || (kind != Multisig && kind != OpReturn && kind != Nonstandard) {
			return "", 0, fmt.Errorf("script name %.80q: want multisig:, op_return: or nonstandard: and %d hexadecimal digits", text, 2*nameHash)
		}
		return chains.Address(kind + ":" + hex.EncodeToString(sum)), binary.BigEndian.Uint64(sum), nil
	}
	script, err := n.scriptOf(text)
	if err != nil {
		return "", 0, fmt.Errorf("address %.100q on network %s: %w", text, n.Name, err)
	}
	canonical, _ := n.Describe(script)
	return canonical, scriptKey(script), nil
}

// scriptOf is the script that an address stands for.
func (n *Network) scriptOf(text string) ([]byte, error) {
	if hrp, _, ok := strings.Cut(strings.ToLower(text), "1"); ok && hrp == n.hrp {
		return n.segwitScript(text)
	}
	hash, version, err := base58.CheckDecode(text)
	switch {
	case errors.Is(err, base58.ErrChecksum):
		return nil, errors.New("its checksum does not match: a character is mistyped")
	case err != nil || len(hash) != pushHash:
		return nil, errors.New("it is neither a base58 nor a bech32 address of this network")
	case version == n.p2pkh:
		return pubKeyHashScript(hash), nil
	case version == n.p2sh:
		script := append([]byte{opHash160, pushHash}, hash...)
		return append(script, opEqual), nil
	}
	return nil, errors.New("it belongs to another network")
}

// segwitScript decodes by BIP173 (version 0) and BIP350 (later versions).
func (n *Network) segwitScript(text string) ([]byte, error) {
	_, data, encoding, err := bech32.DecodeGeneric(text)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 || data[0] > 16 {
		return nil, errors.New("witness version is above 16")
	}
	if (data[0] == 0) != (encoding == bech32.Version0) {
		return nil, errors.New("its checksum is of the wrong kind for its witness version (BIP350)")
	}
	program, err := bech32.ConvertBits(data[1:], 5, 8, false)
	if err != nil {
		return nil, err
	}
	version := byte(op0)
	if data[0] > 0 {
		version = op1 + data[0] - 1
	}
	script := append([]byte{version, byte(len(program))}, program...)
	if _, _, ok := witnessProgram(script); !ok || (version == op0 && len(program) != 20 && len(program) != 32) {
		return nil, fmt.Errorf("a witness program of %d bytes is not valid", len(program))
	}
	return script, nil
}

func (n *Network) base58(version byte, hash []byte) chains.Address {
	return chains.Address(base58.CheckEncode(hash, version))
}

func (n *Network) segwit(opcode byte, program []byte) chains.Address {
	version, encode := byte(0), bech32.Encode
	if opcode != op0 {
		version, encode = opcode-op1+1, bech32.EncodeM
	}
	// Neither step can fail: the program is bytes, regrouped with padding.
	data, _ := bech32.ConvertBits(program, 8, 5, true)
	text, _ := encode(n.hrp, append([]byte{version}, data...))
	return chains.Address(text)
}

// classify finds a script's type by its form, and what identifies its owner: key,
// hash or witness program.
func classify(script []byte) (kind string, payload []byte) {
	size := len(script)
	switch {
	case size == 25 && script[0] == opDup && script[1] == opHash160 && script[2] == pushHash && script[23] == opEqualVerify && script[24] == opCheckSig:
		return P2PKH, script[3:23]
	case size == 23 && script[0] == opHash160 && script[1] == pushHash && script[22] == opEqual:
		return P2SH, script[2:22]
	case size > 2 && script[size-1] == opCheckSig && isPubKey(script[1:size-1]) && int(script[0]) == size-2:
		return P2PK, script[1 : size-1]
	case size > 0 && script[0] == opReturn: // never spendable, whatever follows
		return OpReturn, nil
	case isMultisig(script):
		return Multisig, nil
	}
	if version, program, ok := witnessProgram(script); ok {
		return witnessType(version, len(program)), program
	}
	return Nonstandard, nil
}

// witnessProgram splits a script of BIP141's form; version is its opcode. A
// version 0 program of any other length than 20 or 32 can never be spent.
func witnessProgram(script []byte) (version byte, program []byte, ok bool) {
	if len(script) < 4 || len(script) > 42 || int(script[1]) != len(script)-2 {
		return 0, nil, false
	}
	version, program = script[0], script[2:]
	if version == op0 {
		return version, program, len(program) == 20 || len(program) == 32
	}
	return version, program, version >= op1 && version <= op16
}

func witnessType(version byte, size int) string {
	switch {
	case version == op0 && size == 20:
		return P2WPKH
	case version == op0:
		return P2WSH
	case version == op1 && size == 32:
		return P2TR
	}
	return fmt.Sprintf("witness_v%d", version-op1+1)
}

// isPubKey judges by form alone; a key off the curve is still a P2PK script.
func isPubKey(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	switch key[0] {
	case 2, 3:
		return len(key) == 33
	case 4, 6, 7:
		return len(key) == 65
	}
	return false
}

func isMultisig(script []byte) bool {
	if len(script) < 3 || script[len(script)-1] != opCheckMultisig {
		return false
	}
	required, total := smallInt(script[0]), smallInt(script[len(script)-2])
	keys, rest := 0, script[1:len(script)-2]
	for len(rest) > 0 {
		size := int(rest[0])
		if size >= len(rest) || !isPubKey(rest[1:1+size]) {
			return false
		}
		rest, keys = rest[1+size:], keys+1
	}
	return required >= 1 && required <= total && total == keys
}

func smallInt(opcode byte) int {
	if opcode < op1 || opcode > op16 {
		return 0
	}
	return int(opcode-op1) + 1
}
