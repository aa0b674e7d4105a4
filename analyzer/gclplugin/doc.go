// Package gclplugin makes the linter's rules a module plugin of golangci-lint,
// under the name wsmigrate. A .custom-gcl.yml builds it in:
//
//	version: v2.15.0
//	plugins:
//	  - module: github.com/wsmigrate/wsmigrate/analyzer/gclplugin
//	    version: latest
//
// and .golangci.yml enables and configures it:
//
//	linters:
//	  enable: [wsmigrate]
//	  settings:
//	    custom:
//	      wsmigrate:
//	        type: module
//	        settings:
//	          confidence: medium
//	          rules: [-wsdeadline, -wsorigin/comparison]
//
// Both settings are optional, see [Settings].
package gclplugin
