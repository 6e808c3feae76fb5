"""An import contract that import-linter lacks: one package may import only these modules of ours."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """``importer`` and everything in it import nothing of the root packages but itself and ``allowed``."""

    importer = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        importer = str(self.importer)
        inside = {importer, *graph.find_descendants(importer)}
        may = inside | set(self.allowed)  # type: ignore[call-overload]
        broken = sorted(
            f"{module} imports {imported}"
            for module in inside
            for imported in graph.find_modules_directly_imported_by(module) - may
        )
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for sentence in check.metadata["broken"]:
            output.print_error(f"- {sentence}")
