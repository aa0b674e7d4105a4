package main // want package:"accepts"

import (
	"net/http"

	"api"
)

func main() {
	http.ListenAndServe(":8080", api.Handler{}) // want `sets no timeouts`
}
