package casebook

import (
	"context"
	"slices"
)

// RateFile is a file of rates by which amounts are valued, as it was received.
type RateFile struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Asset  string `json:"asset"`
	Source string `json:"source"` // whose rates they are
	SHA256 string `json:"sha256"` // hex
	Size   int64  `json:"size"`   // bytes
	Origin
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

var rateFiles = table[RateFile]{
	"rate_files",
	slices.Concat([]string{"id", "name", "asset", "source", "sha256", "size"}, originColumns, withdrawalColumns),
	func(f *RateFile) []any {
		return slices.Concat([]any{&f.ID, &f.Name, &f.Asset, &f.Source, &f.SHA256, &f.Size}, f.fields(), f.Withdrawn.fields())
	},
}

func rateResource(id string) string { return "rate/" + id }

// AddRateFile stores a file of rates. The same bytes for the same asset and source are
// the same file: fresh is false then.
func (b *Book) AddRateFile(ctx context.Context, p Principal, f RateFile, content []byte) (added RateFile, fresh bool, err error) {
	err = b.do(ctx, p, rateAdd, "rate", func(ctx context.Context, t *tx) error {
		if err := checkNames(field{"name", f.Name}, field{"asset", f.Asset}, field{"source", f.Source}); err != nil {
			return err
		}
		if f.Asset == "" || f.Source == "" {
			return invalid("source", "say of what the rates are, and whose", "asset or source is empty")
		}
		f.ID, f.Size, f.Origin, f.Withdrawn = newID(), int64(len(content)), t.origin(), Withdrawal{}
		if f.SHA256, err = t.store(ctx, content, asReceived); err != nil {
			return err
		}
		if fresh, err = rateFiles.insert(ctx, t, &f); err == nil && !fresh {
			f, err = rateFiles.one(ctx, t, notFound("rate file", f.ID), "WHERE x.asset = ? AND x.source = ? AND x.sha256 = ?", f.Asset, f.Source, f.SHA256)
		}
		t.note("rate", f.ID)
		t.note("new", fresh)
		added = f
		return err
	})
	return added, fresh, err
}

func (t *tx) rateFile(ctx context.Context, id string) (RateFile, error) {
	return rateFiles.one(ctx, t, notFound("rate file", id), "WHERE x.id = ?", id)
}

// RateFiles lists the files of rates, the oldest first, those withdrawn too.
func (b *Book) RateFiles(ctx context.Context, p Principal, page Page) (answer List[RateFile], err error) {
	err = b.do(ctx, p, rateList, "rate", func(ctx context.Context, t *tx) error {
		answer, err = byTime(ctx, t, rateFiles, query{}, page, func(f *RateFile) (Origin, string) { return f.Origin, f.ID })
		return err
	})
	return recorded(answer, err)
}

// RateContent is the bytes of a file of rates, checked against their SHA-256.
func (b *Book) RateContent(ctx context.Context, p Principal, id string) (content []byte, err error) {
	err = b.do(ctx, p, rateExport, rateResource(id), func(ctx context.Context, t *tx) error {
		f, err := t.rateFile(ctx, id)
		if err != nil {
			return err
		}
		content, err = t.load(ctx, f.SHA256)
		return err
	})
	return recorded(content, err)
}

// WithdrawRateFile lets a file of rates count no more.
func (b *Book) WithdrawRateFile(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, rateWithdraw, rateResource(id), func(ctx context.Context, t *tx) error {
		f, err := t.rateFile(ctx, id)
		if err != nil {
			return err
		}
		return t.withdraw(ctx, "rate_files", rateResource(id), id, f.Withdrawn, reason)
	})
}
