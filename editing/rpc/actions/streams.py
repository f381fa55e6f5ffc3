"""The three names of a stream as parameters."""

from editing.rpc.params import optional, text

APP, DOMAIN, STREAM = (optional(name, text(), "") for name in ("AppName", "DomainName", "StreamName"))
