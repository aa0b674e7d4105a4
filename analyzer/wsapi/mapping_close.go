package wsapi

import "fmt"

// closeMappings holds close codes, close frames and the errors of a closed
// connection.
var closeMappings = []Mapping{
	{
		From: "FormatCloseMessage", Kind: Fn, Nhooyr: []Symbol{"Conn.Close"},
		Fidelity: Reshaped, Verdict: Conditional, Rule: "closeframe",
		Note:   "Code and reason are arguments of Close; for a reason of more than 123 bytes it returns an error and sends 1011, and it cannot send 1006 or 1015.",
		ByHand: "Pass code and reason to Close where the frame was sent, cut to 123 bytes if the reason is not a constant.",
		Before: "p = websocket.FormatCloseMessage(websocket.ClosePolicyViolation, s)\nerr = c.WriteMessage(websocket.CloseMessage, p)",
		After:  "err = c.Close(websocket.StatusPolicyViolation, s)",
	},
	{
		From: "IsCloseError", Kind: Fn, Nhooyr: []Symbol{"CloseStatus"},
		Fidelity: Reshaped, Verdict: WithHelper, Rule: "closeerror",
		Note:   "A connection that ends without a close frame is CloseError 1006 in gorilla and an error that wraps io.EOF in the target, for which CloseStatus is -1.",
		ByHand: "Compare CloseStatus(err) with each code but 1006, and test errors.Is with io.EOF and io.ErrUnexpectedEOF for that one.",
		Before: "if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {\n\treturn nil\n}",
		After:  "switch websocket.CloseStatus(err) {\ncase websocket.StatusNormalClosure, websocket.StatusGoingAway:\n\treturn nil\n}",
	},
	{
		From: "IsUnexpectedCloseError", Kind: Fn, Nhooyr: []Symbol{"CloseStatus"},
		Fidelity: Reshaped, Verdict: WithHelper, Rule: "closeerror",
		Note:   "CloseStatus(err) != code alone is true for every error that is no close, which IsUnexpectedCloseError is false for; and 1006 is an io.EOF in the target.",
		ByHand: "Test that CloseStatus(err) is not -1 before comparing it. Where 1006 is not among the expected codes, add errors.Is with io.EOF and io.ErrUnexpectedEOF.",
		Before: "if websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway, websocket.CloseAbnormalClosure) {\n\tlog.Print(err)\n}",
		After:  "if code := websocket.CloseStatus(err); code != -1 && code != websocket.StatusGoingAway {\n\tlog.Print(err)\n}",
	},
	{
		From: "CloseError", Kind: Type, Nhooyr: []Symbol{"CloseError", "CloseStatus"},
		Fidelity: Reshaped, Verdict: Conditional, Rule: "closeerror",
		Note:   "gorilla returns a pointer and returns it bare; the target wraps a value, and has none for a connection that ended without a close frame.",
		ByHand: "Replace the type assertion by errors.As with a variable of type CloseError, no pointer.",
		Before: "if ce, ok := err.(*websocket.CloseError); ok {\n\tlog.Print(ce.Code, ce.Text)\n}",
		After:  "var ce websocket.CloseError\nif errors.As(err, &ce) {\n\tlog.Print(int(ce.Code), ce.Reason)\n}",
	},
	{
		From: "CloseError.Code", Kind: Field, Nhooyr: []Symbol{"CloseError.Code"},
		Fidelity: Same, Verdict: Conditional, Rule: "closeerror",
		Note:   "The type is StatusCode, not int, and formatting it with %v prints its name.",
		ByHand: "Write int(ce.Code) where an int is wanted.",
		Before: "var ce *websocket.CloseError\nif errors.As(err, &ce) {\n\tmt = ce.Code\n}",
		After:  "var ce websocket.CloseError\nif errors.As(err, &ce) {\n\tmt = int(ce.Code)\n}",
	},
	{
		From: "CloseError.Text", Kind: Field, Nhooyr: []Symbol{"CloseError.Reason"},
		Fidelity: Same, Verdict: Conditional, Rule: "closeerror",
		Note:   "gorilla fails the connection on a reason that is not UTF-8, the target hands it out.",
		ByHand: "Write Reason.",
		Before: "var ce *websocket.CloseError\nif errors.As(err, &ce) {\n\ts = ce.Text\n}",
		After:  "var ce websocket.CloseError\nif errors.As(err, &ce) {\n\ts = ce.Reason\n}",
	},
	{
		From: "CloseError.Error", Kind: Method, Nhooyr: []Symbol{"CloseError.Error"},
		Fidelity: Same, Verdict: Conditional, Rule: "closeerror",
		Note:   "The text differs: \"websocket: close 1001 (going away): bye\" becomes \"status = StatusGoingAway and reason = \\\"bye\\\"\".",
		ByHand: "Nothing to change, unless something parses the text.",
		Before: "var ce *websocket.CloseError\nif errors.As(err, &ce) {\n\ts = ce.Error()\n}",
		After:  "var ce websocket.CloseError\nif errors.As(err, &ce) {\n\ts = ce.Error()\n}",
	},
	{
		From: "ErrCloseSent", Kind: Var, Std: []string{"net.ErrClosed"},
		Fidelity: Reshaped, Verdict: Auto, Rule: "closeerror",
		Note:   "The target has closed the connection when Close returns, so a later write fails with an error that wraps net.ErrClosed.",
		ByHand: "Write errors.Is(err, net.ErrClosed).",
		Before: "if err == websocket.ErrCloseSent {\n\treturn nil\n}",
		After:  "if errors.Is(err, net.ErrClosed) {\n\treturn nil\n}",
	},
	{
		From: "ErrReadLimit", Kind: Var, Coder: []Symbol{"ErrMessageTooBig"},
		Fidelity: NoEquivalent, Verdict: WithHelper, CoderVerdict: Auto, Rule: "closeerror",
		Note:       "Both close with 1009; nhooyr reports it by text alone, \"read limited at N bytes\", coder by ErrMessageTooBig.",
		ByHand:     "With coder write errors.Is(err, websocket.ErrMessageTooBig). With nhooyr look at the text, or treat the error as any other read error.",
		Before:     "if err == websocket.ErrReadLimit {\n\tlog.Print(\"message too big\")\n}",
		After:      "if err != nil && strings.Contains(err.Error(), \"read limited at \") {\n\tlog.Print(\"message too big\")\n}",
		AfterCoder: "if errors.Is(err, websocket.ErrMessageTooBig) {\n\tlog.Print(\"message too big\")\n}",
	},

	closeCode(1000, "CloseNormalClosure", "StatusNormalClosure", received),
	closeCode(1001, "CloseGoingAway", "StatusGoingAway", received),
	closeCode(1002, "CloseProtocolError", "StatusProtocolError", sent),
	closeCode(1003, "CloseUnsupportedData", "StatusUnsupportedData", sent),
	{
		From: "CloseNoStatusReceived", Kind: Const, Nhooyr: []Symbol{"StatusNoStatusRcvd"},
		Fidelity: Same, Verdict: Auto, Rule: "ident",
		Note:   "The value is 1005 in both, received for a close frame without a code; Close(StatusNoStatusRcvd, \"\") sends such a frame.",
		ByHand: "Write websocket.StatusNoStatusRcvd, or int(...) of it where an int is wanted.",
		Before: "if websocket.IsCloseError(err, websocket.CloseNoStatusReceived) {\n\treturn nil\n}",
		After:  "if websocket.CloseStatus(err) == websocket.StatusNoStatusRcvd {\n\treturn nil\n}",
	},
	{
		From: "CloseAbnormalClosure", Kind: Const, Nhooyr: []Symbol{"StatusAbnormalClosure"}, Std: []string{"io.EOF", "io.ErrUnexpectedEOF"},
		Fidelity: Reshaped, Verdict: Auto, Rule: "ident",
		Note:   "The value is 1006 in both, but no error of the target carries it: a connection that ends without a close frame gives an error that wraps io.EOF or io.ErrUnexpectedEOF.",
		ByHand: "Test errors.Is with io.EOF and io.ErrUnexpectedEOF. The code cannot be sent in either.",
		Before: "if websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {\n\treturn nil\n}",
		After:  "if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {\n\treturn nil\n}",
	},
	closeCode(1007, "CloseInvalidFramePayloadData", "StatusInvalidFramePayloadData", sent),
	closeCode(1008, "ClosePolicyViolation", "StatusPolicyViolation", sent),
	closeCode(1009, "CloseMessageTooBig", "StatusMessageTooBig", sent),
	closeCode(1010, "CloseMandatoryExtension", "StatusMandatoryExtension", sent),
	closeCode(1011, "CloseInternalServerErr", "StatusInternalError", sent),
	closeCode(1012, "CloseServiceRestart", "StatusServiceRestart", sent),
	closeCode(1013, "CloseTryAgainLater", "StatusTryAgainLater", sent),
	{
		From: "CloseTLSHandshake", Kind: Const, Nhooyr: []Symbol{"StatusTLSHandshake"},
		Fidelity: Same, Verdict: Auto, Rule: "ident",
		Note:   "The value is 1015 in both; no error carries it, and Close of the target refuses to send it, where gorilla sends what it is given.",
		ByHand: "Write websocket.StatusTLSHandshake, or int(...) of it where an int is wanted.",
		Before: "if websocket.IsCloseError(err, websocket.CloseTLSHandshake) {\n\treturn nil\n}",
		After:  "if websocket.CloseStatus(err) == websocket.StatusTLSHandshake {\n\treturn nil\n}",
	},
}

// An example is what a close code's snippet shows: its usual use.
type example bool

const (
	sent     example = true
	received example = false
)

// closeCode returns the row of a close code that differs in name and type only.
func closeCode(n int, from, to Symbol, ex example) Mapping {
	m := Mapping{
		From: from, Kind: Const, Nhooyr: []Symbol{to},
		Fidelity: Same, Verdict: Auto, Rule: "ident",
		Note:   fmt.Sprintf("The value is %d in both; gorilla's constant is untyped, the target's is a StatusCode.", n),
		ByHand: fmt.Sprintf("Write websocket.%s, or int(...) of it where an int is wanted.", to),
	}
	if ex == sent {
		m.Before = fmt.Sprintf("p = websocket.FormatCloseMessage(websocket.%s, s)\nerr = c.WriteMessage(websocket.CloseMessage, p)", from)
		m.After = fmt.Sprintf("err = c.Close(websocket.%s, s)", to)
	} else {
		m.Before = fmt.Sprintf("if websocket.IsCloseError(err, websocket.%s) {\n\treturn nil\n}", from)
		m.After = fmt.Sprintf("if websocket.CloseStatus(err) == websocket.%s {\n\treturn nil\n}", to)
	}
	return m
}
