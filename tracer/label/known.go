// Package label holds attributions: whose an address is, and who says so.
package label

import (
	"slices"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// Attribution says whose an address is.
type Attribution struct {
	Address chains.Address
	Kind    tracer.EndKind // the kind of end that a trail has there
	Label   string
	Source  string
}

// Known are the attributions that come with the program: addresses that belong
// to nobody, and places on the main chain from which no rule can follow value.
type Known struct {
	byAddress map[chains.Address]Attribution
}

// KnownOn are the known attributions of a chain.
func KnownOn(chain chains.Chain) Known {
	k := Known{byAddress: map[chains.Address]Attribution{}}
	if chain.Family() != chains.Ethereum {
		return k
	}
	lists := [][]Attribution{burnt()}
	if chain == chains.NewChain(chains.Ethereum, "") {
		lists = append(lists, tornado(), bridges())
	}
	lists = append(lists, thorchainRouters(chain))
	for _, a := range slices.Concat(lists...) {
		k.byAddress[a.Address] = a
	}
	return k
}

// Of finds an address's attribution.
func (k Known) Of(address chains.Address) (Attribution, bool) {
	a, ok := k.byAddress[address]
	return a, ok
}

func burnt() []Attribution {
	const source = "nobody has the key"
	return []Attribution{
		{chains.ZeroAddress, tracer.EndBurn, "zero address", source},
		{"0x000000000000000000000000000000000000dead", tracer.EndBurn, "dead address", source},
	}
}

// tornado are the Tornado Cash pools on the main chain, by asset and denomination.
func tornado() (pools []Attribution) {
	for _, pool := range []string{
		"ETH 0.1 0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc",
		"ETH 1 0x47ce0c6ed5b0ce3d3a51fdb1c52dc66a7c3c2936",
		"ETH 10 0x910cbd523d972eb0a6f4cae4618ad62622b39dbf",
		"ETH 100 0xa160cdab225685da1d56aa342ad8841c3b53f291",
		"DAI 100 0xd4b88df4d29f5cedd6857912842cff3b20c8cfa3",
		"DAI 1000 0xfd8610d20aa15b7b2e3be39b396a1bc3516c7144",
		"DAI 10000 0x07687e702b410fa43f4cb4af7fa097918ffd2730",
		"DAI 100000 0x23773e65ed146a459791799d01336db287f25334",
		"USDC 100 0xd96f2b1c14db8458374d9aca76e26c3d18364307",
		"USDC 1000 0x4736dcf1b7a3d580672cce6e7c65cd5cc9cfba9d",
		"USDT 100 0x169ad27a470d064dede56a2d3ff727986b15d52b",
		"USDT 1000 0x0836222f2b2b24a3f36f98668ed8f0b38d1a872f",
		"WBTC 0.1 0x178169b423a011fff22b9e3f3abea13414ddd0f1",
		"WBTC 1 0x610b717796ad172b316836ac95a2ffad065ceab4",
		"WBTC 10 0xbb93e510bbcd0b7beb5a853875f9ec60275cf498",
	} {
		name, address := pool[:strings.LastIndexByte(pool, ' ')], pool[strings.LastIndexByte(pool, ' ')+1:]
		pools = append(pools, Attribution{chains.Address(address), tracer.EndMixer, "Tornado Cash " + name, "OFAC SDN list, 2022-08-08"})
	}
	return pools
}

// bridges are contracts that hold what left for another chain.
func bridges() []Attribution {
	const source = "published by the bridge"
	return []Attribution{
		{"0x40ec5b33f54e0e8a33a975908c5ba1c14e5bbbdf", tracer.EndBridge, "Polygon PoS ERC-20 bridge", source},
		{"0x8484ef722627bf18ca5ae6bcf031c23e6e922b30", tracer.EndBridge, "Polygon PoS ether bridge", source},
		{"0x8315177ab297ba92a06054ce80a67ed4dbd7ed3a", tracer.EndBridge, "Arbitrum One bridge", source},
		{"0xa3a7b6f88361f48403514059f1f16c8e78d60eec", tracer.EndBridge, "Arbitrum One ERC-20 gateway", source},
		{"0x99c9fc46f92e8a1c0dec1b1747d010903e884be1", tracer.EndBridge, "Optimism standard bridge", source},
		{"0x3154cf16ccdb4c6d922629664174b904d80f2c35", tracer.EndBridge, "Base standard bridge", source},
		{"0x3ee18b2214aff97000d974cf647e7c347e8fa585", tracer.EndBridge, "Wormhole token bridge", source},
		{"0x64192819ac13ef72bf6b5ae239ac672b43a9af08", tracer.EndBridge, "Ronin bridge", source},
	}
}

// thorchainRouters are those that THORChain's nodes have named as theirs since its
// start: by them its vaults take value in and pay it out.
func thorchainRouters(chain chains.Chain) (routers []Attribution) {
	var list []string
	switch chain {
	case "ethereum":
		list = []string{
			"0xd37bbe5744d730a1d98d8dc97c42f0ca46ad7146", "0x00dc6100103bc402d490aee3f9a5560cbd91f1d4", "0x3624525075b88b24ecc29ce226b0cec1ffcb6976",
			"0xc145990e84155416144c532e31f89b840ca8c2ce", "0x42a5ed456650a09dc10ebc6361a7480fdd61f27b",
		}
	case "ethereum-56":
		list = []string{"0xb30ec53f98ff5947ede720d32ac2da7e52a5f56b", "0x00dc6100103bc402d490aee3f9a5560cbd91f1d4"}
	case "ethereum-8453", "ethereum-43114":
		list = []string{"0x00dc6100103bc402d490aee3f9a5560cbd91f1d4"}
	}
	for _, address := range list {
		routers = append(routers, Attribution{chains.Address(address), tracer.EndBridge, "THORChain router", "published by THORChain's nodes"})
	}
	return routers
}
