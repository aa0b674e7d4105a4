package source

// strip returns src without the bodies of its functions and methods, which
// take most of the time that parsing a file takes. What is no valid Go stays
// as it is, more or less: the parser says what is wrong with it. With places,
// what is left stays where it was, and spaces fill the gaps.
func strip(src []byte, places bool) []byte {
	s := bodyScanner{src: src, quiet: true}
	out := make([]byte, 0, len(src)/2)
	from := 0
	for s.next() {
		if s.depth != 0 || s.word != "func" || !s.declares {
			continue
		}
		if !s.body() {
			break
		}
		open := s.pos
		if !s.block() {
			break
		}
		out = append(out, src[from:open]...)
		from = s.pos
		if places {
			for _, c := range src[open:from] {
				if c != '\n' {
					c = ' '
				}
				out = append(out, c)
			}
		}
	}
	return append(out, src[from:]...)
}

// A bodyScanner finds words and brackets in Go source, past comments and literals.
type bodyScanner struct {
	src   []byte
	pos   int // behind what was found last
	depth int // of brackets
	// word is the word that was found last, or "" for a bracket or operator.
	word string
	// declares says whether the word begins a declaration: nothing but the
	// end of another one stands before it.
	declares bool

	quiet bool // nothing was found since the last declaration ended
}

// next finds the next word, bracket or operator.
func (s *bodyScanner) next() bool {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '\n':
			s.pos++
			if s.depth == 0 {
				s.quiet = true
			}
		case c == ' ' || c == '\t' || c == '\r':
			s.pos++
		case c == '/' && s.comment():
		case c == ';' && s.depth == 0:
			s.pos++
			s.quiet = true
		case c == '"' || c == '\'' || c == '`':
			s.literal(c)
			s.found("")
			return true
		case isLetter(c):
			start := s.pos
			for s.pos < len(s.src) && (isLetter(s.src[s.pos]) || '0' <= s.src[s.pos] && s.src[s.pos] <= '9') {
				s.pos++
			}
			s.found(string(s.src[start:s.pos]))
			return true
		default:
			s.pos++
			switch c {
			case '(', '[', '{':
				s.depth++
			case ')', ']', '}':
				s.depth--
			}
			s.found("")
			return true
		}
	}
	return false
}

func (s *bodyScanner) found(word string) {
	s.word = word
	s.declares = s.quiet && s.depth == 0
	s.quiet = false
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

// comment skips a comment, if one begins here. A comment of several lines ends
// a declaration as its line ends do.
func (s *bodyScanner) comment() bool {
	if s.pos+1 >= len(s.src) {
		return false
	}
	switch s.src[s.pos+1] {
	case '/':
		for s.pos < len(s.src) && s.src[s.pos] != '\n' {
			s.pos++
		}
		return true
	case '*':
		for s.pos += 2; s.pos < len(s.src); s.pos++ {
			if s.src[s.pos] == '\n' && s.depth == 0 {
				s.quiet = true
			}
			if s.src[s.pos] == '*' && s.pos+1 < len(s.src) && s.src[s.pos+1] == '/' {
				s.pos += 2
				return true
			}
		}
		return true
	}
	return false
}

// literal skips a string or rune literal.
func (s *bodyScanner) literal(quote byte) {
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; {
		case c == quote:
			s.pos++
			return
		case c == '\\' && quote != '`':
			s.pos++
		case c == '\n' && quote != '`':
			return // no valid literal
		}
	}
}

// body moves to the opening brace of the body of the function whose keyword
// was found last, and reports whether there is one. Otherwise the declaration
// has none, and the scan is at its end.
func (s *bodyScanner) body() bool {
	last := ""
	for {
		before := s.pos
		if !s.next() {
			return false
		}
		if s.depth == 0 && s.declares {
			// The declaration ended without a body.
			s.pos = before
			s.quiet = true
			return s.skipBodyless()
		}
		if s.depth == 1 && s.src[s.pos-1] == '{' && s.word == "" && last != "struct" && last != "interface" {
			s.pos--
			s.depth--
			return true
		}
		last = s.word
	}
}

// skipBodyless goes on with the next function that has a body.
func (s *bodyScanner) skipBodyless() bool {
	for s.next() {
		if s.depth == 0 && s.word == "func" && s.declares {
			return s.body()
		}
	}
	return false
}

// block skips the block that begins here.
func (s *bodyScanner) block() bool {
	depth := s.depth
	for s.next() {
		if s.depth == depth {
			return true
		}
	}
	return false
}
