package casebook

import (
	"context"
	"slices"
)

// Upload is a file as it was received for a case.
type Upload struct {
	ID      string `json:"id"`
	Case    string `json:"case"`
	SHA256  string `json:"sha256"`  // hex
	Name    string `json:"name"`    // of the file, as it was given
	Size    int64  `json:"size"`    // bytes
	Attempt int64  `json:"attempt"` // to read it: the number of the newest, 0 before the first
	Origin
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

var uploads = table[Upload]{
	"uploads",
	slices.Concat([]string{"id", "case_id", "sha256", "name", "size", "attempt"}, originColumns, withdrawalColumns),
	func(u *Upload) []any {
		return slices.Concat([]any{&u.ID, &u.Case, &u.SHA256, &u.Name, &u.Size, &u.Attempt}, u.fields(), u.Withdrawn.fields())
	},
}

func uploadResource(id string) string { return "upload/" + id }

// AddUpload stores a file for a case. The same bytes in the same case are the same upload,
// by whatever name, and also if that was withdrawn: fresh is false then.
func (b *Book) AddUpload(ctx context.Context, p Principal, caseID, name string, content []byte) (u Upload, fresh bool, err error) {
	err = b.do(ctx, p, uploadAdd, caseResource(caseID), func(ctx context.Context, t *tx) error {
		if _, err := t.writable(ctx, caseID); err != nil {
			return err
		}
		if err := checkNames(field{"name", name}); err != nil {
			return err
		}
		hash, err := t.store(ctx, content, asReceived)
		if err != nil {
			return err
		}
		u = Upload{ID: newID(), Case: caseID, SHA256: hash, Name: name, Size: int64(len(content)), Origin: t.origin()}
		if fresh, err = uploads.insert(ctx, t, &u); err != nil {
			return err
		}
		if !fresh {
			u, err = uploads.one(ctx, t, notFound("upload", hash), "WHERE x.case_id = ? AND x.sha256 = ?", caseID, hash)
		}
		t.note("upload", u.ID)
		t.note("sha256", hash)
		t.note("name", name)
		t.note("new", fresh)
		return err
	})
	return u, fresh, err
}

func (t *tx) visibleUpload(ctx context.Context, id string) (Upload, error) {
	return uploads.one(ctx, t, notFound("upload", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
}

// uploadOf wants an upload to be one of the case, and to count.
func (t *tx) uploadOf(ctx context.Context, caseID, id string) error {
	u, err := uploads.one(ctx, t, notFound("upload", id), "WHERE x.id = ? AND x.case_id = ?", id, caseID)
	if err != nil {
		return err
	}
	return u.counts()
}

func (u *Upload) counts() error {
	if u.Withdrawn.At.IsZero() {
		return nil
	}
	return &ConflictError{Resource: uploadResource(u.ID), Reason: "it was withdrawn: " + u.Withdrawn.Reason}
}

// Upload is one upload, without its bytes.
func (b *Book) Upload(ctx context.Context, p Principal, id string) (u Upload, err error) {
	err = b.do(ctx, p, uploadView, uploadResource(id), func(ctx context.Context, t *tx) error {
		u, err = t.visibleUpload(ctx, id)
		return err
	})
	return recorded(u, err)
}

// Uploads lists a case's uploads, the oldest first.
func (b *Book) Uploads(ctx context.Context, p Principal, caseID string, page Page) (answer List[Upload], err error) {
	err = b.do(ctx, p, uploadList, caseResource(caseID), func(ctx context.Context, t *tx) error {
		answer, err = ofCase(ctx, t, uploads, caseID, page, func(u *Upload) (Origin, string) { return u.Origin, u.ID })
		return err
	})
	return recorded(answer, err)
}

// UploadContent is an upload's bytes, checked against their SHA-256.
func (b *Book) UploadContent(ctx context.Context, p Principal, id string) (content []byte, err error) {
	err = b.do(ctx, p, uploadExport, uploadResource(id), func(ctx context.Context, t *tx) error {
		u, err := t.visibleUpload(ctx, id)
		if err != nil {
			return err
		}
		content, err = t.load(ctx, u.SHA256)
		return err
	})
	return recorded(content, err)
}

// WithdrawUpload lets an upload count no more, as one for another case, and with it the
// deposits that came by it.
func (b *Book) WithdrawUpload(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, uploadWithdraw, uploadResource(id), func(ctx context.Context, t *tx) error {
		u, err := t.writableUpload(ctx, id)
		if err != nil {
			return err
		}
		if err := t.withdraw(ctx, "uploads", uploadResource(id), id, u.Withdrawn, reason); err != nil {
			return err
		}
		n := 0
		for {
			some, err := deposits.many(ctx, t, "WHERE x.upload_id = ? AND x.withdrawn = 0 LIMIT ?", id, maxLimit)
			if err != nil {
				return err
			}
			for i := range some {
				if err := t.withdrawDeposit(ctx, &some[i], reason); err != nil {
					return err
				}
			}
			if n += len(some); len(some) == 0 {
				t.note("deposits", n)
				return nil
			}
		}
	})
}
