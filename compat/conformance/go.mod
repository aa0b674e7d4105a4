module github.com/wsmigrate/wsmigrate/compat/conformance

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/gorilla/websocket v1.5.3
	github.com/wsmigrate/wsmigrate/compat v0.0.0
	github.com/wsmigrate/wsmigrate/compat/coder v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/tools v0.52.0
	nhooyr.io/websocket v1.8.17
)

require (
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace (
	github.com/wsmigrate/wsmigrate/compat => ../
	github.com/wsmigrate/wsmigrate/compat/coder => ../coder
)
