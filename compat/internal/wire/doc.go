// Package wire is the tap between an engine and the network: the frame header
// coding of RFC 6455, and [Tap], the byte stream an engine is given instead of
// the network connection.
//
// An engine is used as a codec. Inbound, it is shown bytes that have already
// arrived, as one synthetic message at a time. Outbound, it is asked for one
// unfragmented data frame at a time, and the tap puts the wanted FIN, RSV1 and
// opcode into the first byte. So control frames, fragments and compressed
// frames go through an engine whose own API cannot express them.
package wire
