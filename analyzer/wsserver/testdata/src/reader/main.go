package main

import (
	"net/http"

	"feed"
)

func main() {
	feed.Open(nil)
	http.ListenAndServe(":8080", nil)
}
