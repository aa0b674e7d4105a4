package wsconcurrent_test

import (
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsconcurrent"
)

func Test(t *testing.T) {
	ruletest.Run(t, wsconcurrent.Analyzer, "high", "bad", "good", "hidden")
}
