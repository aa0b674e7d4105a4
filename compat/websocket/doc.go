package websocket
