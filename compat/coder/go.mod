module github.com/wsmigrate/wsmigrate/compat/coder

go 1.23

require (
	github.com/coder/websocket v1.8.15
	github.com/wsmigrate/wsmigrate/compat v0.0.0
)

require nhooyr.io/websocket v1.8.17 // indirect

replace github.com/wsmigrate/wsmigrate/compat => ../
