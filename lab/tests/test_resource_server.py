"""The simulated resource server reads the provider's keys as the provider writes them."""
import base64
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import jwt  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

import resource_server  # noqa: E402


def text(number):
    """Without leading zeros, as rhonabwy writes it."""
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")


class Keys(unittest.TestCase):
    def test_a_coordinate_with_leading_zeros_left_out_is_the_same_key(self):
        short = None
        while short is None or (short.x >> 248 and short.y >> 248):
            short = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        key = {"kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256", "x": text(short.x), "y": text(short.y)}
        with self.assertRaises(jwt.PyJWTError):
            jwt.PyJWK(key)
        self.assertEqual(jwt.PyJWK(resource_server._whole(key)).key.public_numbers(), short)


if __name__ == "__main__":
    unittest.main()
