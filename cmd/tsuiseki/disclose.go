package main

import (
	"fmt"
	"os"

	"tsuiseki/chains"
	"tsuiseki/tracer/casebook"
)

type caseDiscloseCmd struct {
	casebookFlags
	ID          string `arg:"" help:"Case."`
	Exchange    string `help:"Who answered." required:""`
	Holder      string `help:"Whom it named as the account's holder (名義人)." required:""`
	Nationality string `help:"The holder's, as the exchange has it."`
	Account     string `help:"Account, as the exchange numbers it."`
	Chain       string `help:"Chain of the address." required:"" placeholder:"NAME"`
	Address     string `help:"Address that pays into the account." required:""`
	Date        string `help:"Day of the answer, as 2025-03-31." required:""`
	Document    string `help:"The answer itself, to be kept." placeholder:"FILE" type:"path"`
	JSON        bool   `name:"json" help:"Print one JSON document."`
}

// Run keeps an exchange's answer.
func (c *caseDiscloseCmd) Run(s *session) error {
	address, err := canonicalAddresses()(chains.Chain(c.Chain), c.Address)
	if err != nil {
		return usageError{fmt.Errorf("--address: %w", err)}
	}
	document, err := c.document()
	if err != nil {
		return err
	}
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		stored, fresh, err := d.AddDisclosure(s.ctx, d.who, c.ID, casebook.Disclosure{
			Exchange: c.Exchange, Account: c.Account, Holder: c.Holder, Nationality: c.Nationality,
			Chain: c.Chain, Address: string(address), Date: c.Date,
		}, document)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, stored)
		}
		text := "kept"
		if !fresh {
			text = "the case had it already"
		}
		fmt.Fprintf(s.out, "disclosure %s: %s\n", stored.ID, text)
		return nil
	})
}

// document reads the answer itself; nil where none is given.
func (c *caseDiscloseCmd) document() ([]byte, error) {
	if c.Document == "" {
		return nil, nil
	}
	info, err := os.Stat(c.Document)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxUpload {
		return nil, usagef("%s is larger than %d MiB", c.Document, maxUpload>>20)
	}
	return os.ReadFile(c.Document)
}
