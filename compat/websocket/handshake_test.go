package websocket

import (
	"net/http"
	"reflect"
	"testing"
)

// The example of RFC 6455, section 1.3.
const (
	exampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	exampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

func TestAcceptKey(t *testing.T) {
	if got := acceptKey(exampleKey); got != exampleAccept {
		t.Errorf("acceptKey(%q) = %q, want %q", exampleKey, got, exampleAccept)
	}
}

func TestChallengeKey(t *testing.T) {
	seen := make(map[string]bool)
	for i := 0; i < 100; i++ {
		key, err := newChallengeKey()
		if err != nil {
			t.Fatal(err)
		}
		if !isChallengeKey(key) || seen[key] {
			t.Fatalf("newChallengeKey() = %q, seen before: %v", key, seen[key])
		}
		seen[key] = true
	}
	for _, key := range []string{
		"",
		"dGhlIHNhbXBsZSBub25jZQ",       // no padding
		"dGhlIHNhbXBsZSBub25jZSE=",     // 17 bytes
		"dGhlIHNhbXBsZSBub25j",         // 15 bytes
		"dGhlIHNhbXBsZSBub25jZQ==, x",  // not base64
		"dGhlIHNhbXBsZSBub25jZQ== ",    // not base64
		"dGhlIHNhbXBsZSBub25jZQ==dGhl", // data after padding
	} {
		if isChallengeKey(key) {
			t.Errorf("isChallengeKey(%q) = true", key)
		}
	}
}

func TestIsWebSocketUpgrade(t *testing.T) {
	tests := []struct {
		header http.Header
		want   bool
	}{
		{http.Header{}, false},
		{http.Header{"Connection": {"Upgrade"}}, false},
		{http.Header{"Upgrade": {"websocket"}}, false},
		{http.Header{"Connection": {"Upgrade"}, "Upgrade": {"h2c"}}, false},
		{http.Header{"Connection": {"close"}, "Upgrade": {"websocket"}}, false},
		{http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"h2c, WebSocket"}}, true},
	}
	for _, tt := range tests {
		if got := IsWebSocketUpgrade(&http.Request{Header: tt.header}); got != tt.want {
			t.Errorf("IsWebSocketUpgrade(%v) = %v, want %v", tt.header, got, tt.want)
		}
	}
}

func TestSubprotocolsOffered(t *testing.T) {
	tests := []struct {
		fields []string
		want   []string
	}{
		{nil, nil},
		{[]string{" "}, nil},
		{[]string{"a"}, []string{"a"}},
		{[]string{" a,b , c"}, []string{"a", "b", "c"}},
		{[]string{"a,,b"}, []string{"a", "", "b"}},
		{[]string{"a", "b"}, []string{"a"}}, // only the first field counts
	}
	for _, tt := range tests {
		got := Subprotocols(&http.Request{Header: http.Header{"Sec-Websocket-Protocol": tt.fields}})
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Subprotocols(%q) = %q, want %q", tt.fields, got, tt.want)
		}
	}
}
