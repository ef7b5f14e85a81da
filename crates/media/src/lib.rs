//! Files in, pictures out: sniffing, thumbnails, blurhash, metadata stripping. Nothing is here yet: this server takes no
//! files, and the empty room holds the arrows of the house (docs/decisions/0005-empty-rooms.md).
