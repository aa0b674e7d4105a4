module github.com/wsmigrate/wsmigrate/compat

go 1.20

require nhooyr.io/websocket v1.8.17
