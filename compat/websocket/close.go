package websocket

import (
	"encoding/binary"
	"errors"
	"strconv"
)

// Close codes of RFC 6455, section 11.7.
const (
	CloseNormalClosure           = 1000
	CloseGoingAway               = 1001
	CloseProtocolError           = 1002
	CloseUnsupportedData         = 1003
	CloseNoStatusReceived        = 1005
	CloseAbnormalClosure         = 1006
	CloseInvalidFramePayloadData = 1007
	ClosePolicyViolation         = 1008
	CloseMessageTooBig           = 1009
	CloseMandatoryExtension      = 1010
	CloseInternalServerErr       = 1011
	CloseServiceRestart          = 1012
	CloseTryAgainLater           = 1013
	CloseTLSHandshake            = 1015
)

// ErrCloseSent is returned by writes that follow a close frame of this side.
var ErrCloseSent = errors.New("websocket: close sent")

// CloseError is the error of a read that met a close frame, or the end of the
// stream without one (code [CloseAbnormalClosure]).
type CloseError struct {
	// Code is a close code of RFC 6455, section 11.7.
	Code int

	// Text is the reason the peer gave, if any.
	Text string
}

// closeNames are the words Error puts behind a code. Codes without one print alone.
var closeNames = map[int]string{
	CloseNormalClosure:           "normal",
	CloseGoingAway:               "going away",
	CloseProtocolError:           "protocol error",
	CloseUnsupportedData:         "unsupported data",
	CloseNoStatusReceived:        "no status",
	CloseAbnormalClosure:         "abnormal closure",
	CloseInvalidFramePayloadData: "invalid payload data",
	ClosePolicyViolation:         "policy violation",
	CloseMessageTooBig:           "message too big",
	CloseMandatoryExtension:      "mandatory extension missing",
	CloseInternalServerErr:       "internal server error",
	CloseTLSHandshake:            "TLS handshake error",
}

// Error implements error.
func (e *CloseError) Error() string {
	s := "websocket: close " + strconv.Itoa(e.Code)
	if name := closeNames[e.Code]; name != "" {
		s += " (" + name + ")"
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// IsCloseError reports whether err is a *CloseError with one of codes. A
// wrapped error is not looked into.
func IsCloseError(err error, codes ...int) bool {
	e, ok := err.(*CloseError)
	return ok && containsCode(codes, e.Code)
}

// IsUnexpectedCloseError reports whether err is a *CloseError with a code
// other than expectedCodes. A wrapped error is not looked into.
func IsUnexpectedCloseError(err error, expectedCodes ...int) bool {
	e, ok := err.(*CloseError)
	return ok && !containsCode(expectedCodes, e.Code)
}

func containsCode(codes []int, code int) bool {
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}

// FormatCloseMessage returns the payload of a close frame. For
// [CloseNoStatusReceived], which must not be sent, it is empty and not nil.
func FormatCloseMessage(closeCode int, text string) []byte {
	if closeCode == CloseNoStatusReceived {
		return []byte{}
	}
	p := make([]byte, 2, 2+len(text))
	binary.BigEndian.PutUint16(p, uint16(closeCode))
	return append(p, text...)
}

// validCloseCode reports whether a peer may send code. 1014 is not accepted,
// although it is registered today: gorilla/websocket v1.5.3 does not know it.
func validCloseCode(code int) bool {
	switch code {
	case CloseNoStatusReceived, CloseAbnormalClosure, CloseTLSHandshake:
		return false
	}
	return 1000 <= code && code <= 1003 || 1005 <= code && code <= 1013 || 3000 <= code && code <= 4999
}
