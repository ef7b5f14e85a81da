//! The federation wire: vocabulary, HTTP signatures, WebFinger, NodeInfo. Nothing is here yet: this server does not
//! federate, and the empty room holds the arrows of the house (docs/decisions/0005-empty-rooms.md).
