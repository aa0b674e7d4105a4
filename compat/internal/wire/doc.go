// Package wire is the tap between an engine and the network: the frame header
// coding of RFC 6455, and [Tap], the byte stream an engine is given instead of
// the network connection.
//
// An engine is used as a codec. Inbound, that of a server is shown masked bytes
// that have already arrived, as one synthetic message without an end. Outbound,
// it is asked for one unfragmented data frame at a time, and the tap makes of it
// frames of the wanted size with the wanted FIN, RSV1 and opcode. So control
// frames, fragments and compressed frames go through an engine whose own API
// cannot express them.
package wire
