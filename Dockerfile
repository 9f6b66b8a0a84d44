FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/tsuiseki ./cmd/tsuiseki && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/tsuiseki /usr/bin/tsuiseki
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV TSUISEKI_DATA=/data
VOLUME /data
ENTRYPOINT ["/usr/bin/tsuiseki"]
