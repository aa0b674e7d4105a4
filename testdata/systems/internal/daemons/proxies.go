package daemons

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/systems/internal/proc"
)

// nginxConfig is what nginx needs for WebSockets: the version and the two
// headers of the upgrade, and a timeout longer than the time between pings.
const nginxConfig = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	server {
		listen ADDR ssl;
		ssl_certificate CERT;
		ssl_certificate_key KEY;
		location / {
			proxy_pass http://BACKEND;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection upgrade;
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-Proto $scheme;
			proxy_set_header Via "1.1 nginx";
			proxy_buffering off;
			proxy_read_timeout IDLE;
			proxy_send_timeout IDLE;
		}
	}
}
`

// StartNginx starts an nginx with TLS in front of backend that ends connections
// on which nothing passes for the time idle. It returns its address.
func StartNginx(t testing.TB, backend, idle string) string {
	t.Helper()
	bin := proc.Need(t, "nginx", "nginx-light")
	return start(t, nginxConfig, backend, idle, func(dir, config string) *exec.Cmd {
		return exec.Command(bin, "-p", dir, "-c", config, "-e", "stderr")
	})
}

// haproxyConfig is what haproxy needs: it knows upgrades, and has a timeout of
// its own for what comes of them.
const haproxyConfig = `global
	maxconn 100
defaults
	mode http
	timeout connect 5s
	timeout client 30s
	timeout server 30s
	timeout tunnel IDLE
frontend edge
	bind ADDR ssl crt BOTH alpn http/1.1
	http-request set-header X-Forwarded-Proto https
	http-request set-header Via "1.1 haproxy"
	default_backend servers
backend servers
	server one BACKEND
`

// StartHAProxy is StartNginx for haproxy.
func StartHAProxy(t testing.TB, backend, idle string) string {
	t.Helper()
	bin := proc.Need(t, "haproxy", "haproxy")
	return start(t, haproxyConfig, backend, idle, func(_, config string) *exec.Cmd {
		return exec.Command(bin, "-db", "-f", config)
	})
}

func start(t testing.TB, config, backend, idle string, command func(dir, config string) *exec.Cmd) string {
	t.Helper()
	dir, addr, cert := t.TempDir(), "127.0.0.1:"+proc.FreePort(t), NewCertificate(t)
	name := filepath.Join(dir, "proxy.conf")
	config = strings.NewReplacer("DIR", dir, "ADDR", addr, "CERT", cert.Cert, "KEY", cert.Key, "BOTH", cert.Both,
		"BACKEND", backend, "IDLE", idle).Replace(config)
	if err := os.WriteFile(name, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	proc.Start(t, command(dir, name)).Reach(addr)
	return addr
}
