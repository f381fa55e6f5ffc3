"""`Authorization: Bearer AccessKeyId:AccessKeySecret`."""

from rest_framework.authentication import BaseAuthentication


class AccessKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: object) -> None:
        return None
