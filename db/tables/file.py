"""Files in pieces, where processes on several hosts share one database and no folder."""

from sqlmodel import Field

from db.tables.base import Base


class FilePieceRow(Base, table=True):
    """All pieces of a file are written in one transaction, so a file that has one is whole."""

    __tablename__ = "file_piece"
    name: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    content: bytes
