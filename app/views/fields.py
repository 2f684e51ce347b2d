"""Types of single fields in answers: plain values to the views, with what they may be to the API's description."""

from typing import Annotated

from pydantic import WithJsonSchema

EpochMs = Annotated[int, WithJsonSchema({"type": "integer", "description": "epoch milliseconds"})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Role = Annotated[str, WithJsonSchema({"enum": ["active", "standby"], "description": "of the copy that answered"})]
BookingStatus = Annotated[str, WithJsonSchema({"enum": ["PENDING", "CONFIRMED", "CANCELLED"]})]
PaymentStatus = Annotated[str, WithJsonSchema({"enum": ["AUTHORIZED", "COMPLETED", "FAILED", "REFUNDED"]})]
