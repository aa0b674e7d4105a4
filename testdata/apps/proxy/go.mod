module example.com/proxy

go 1.22

require github.com/gorilla/websocket v1.5.3
