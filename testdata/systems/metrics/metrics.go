package main

import (
	"errors"
	"strconv"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what Prometheus is told. No label has a value that a client
// chooses, so that there are never more series than are listed here.
type metrics struct {
	open       prometheus.Gauge
	handshakes *prometheus.CounterVec // by result: upgraded, refused
	messages   *prometheus.CounterVec // by direction: in, out
	bytes      *prometheus.CounterVec // by direction
	closes     *prometheus.CounterVec // by code, see codeOf
	latency    prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "websocket_connections", Help: "Connections that are open.",
		}),
		handshakes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "websocket_handshakes_total", Help: "Handshakes by result.",
		}, []string{"result"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "websocket_messages_total", Help: "Messages by direction.",
		}, []string{"direction"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "websocket_bytes_total", Help: "Payload of messages by direction.",
		}, []string{"direction"}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "websocket_closes_total", Help: "Connections that have ended, by close code.",
		}, []string{"code"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "websocket_message_seconds",
			Help:    "Time from the beginning of a message to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}),
	}
	reg.MustRegister(m.open, m.handshakes, m.messages, m.bytes, m.closes, m.latency)
	return m
}

// codeOf is the label for how a connection has ended. Codes that no standard
// has are one.
func codeOf(err error) string {
	code := websocket.CloseAbnormalClosure
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		code = ce.Code
	}
	switch {
	case code >= websocket.CloseNormalClosure && code <= websocket.CloseTLSHandshake:
		return strconv.Itoa(code)
	case code >= 3000 && code < 5000:
		return "application"
	}
	return "other"
}
