package wsapi

var mappings []Mapping
