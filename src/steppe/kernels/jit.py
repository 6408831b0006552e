"""How the kernels are compiled: one decorator for the laws, one for the drivers, and a cache that cannot go stale.

numba's own cache looks only at the file of the outermost function, so an edited law would leave a stale driver on
disk. Here the key is the text of *all* kernels: change one character of physics and everything is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from numba import config, njit, types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

# No nnan and no ninf: a lane that turned into NaN must be seen by its status check.
FASTMATH = {"contract", "nsz", "arcp"}


@cache
def source_stamp() -> str:
    """Return the hash of the text of every kernel and of what they import, which names the compile cache."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in (*sorted(here.glob("*.py")), here.parent / "constants.py", here.parent / "errors.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder of the compile cache: STEPPE_CACHE_DIR, else the user's cache folder."""
    chosen = os.environ.get("STEPPE_CACHE_DIR")
    if chosen:
        return Path(chosen) / "kernels" / source_stamp()
    import platformdirs

    return Path(platformdirs.user_cache_dir("steppe")) / "kernels" / source_stamp()


class _Locator(_CacheLocator):  # type: ignore[misc]
    """Places the cache of the kernels in a folder named after their text."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._py_func = py_func
        self._py_file = py_file

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return source_stamp()

    def get_disambiguator(self) -> str:
        return Path(self._py_file).stem

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator | None:
        locator = cls(py_func, py_file)
        try:
            locator.ensure_cache_path()
        except OSError:
            return None
        return locator


class _Implementation(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = [_Locator]  # noqa: RUF012


class _KernelCache(FunctionCache):  # type: ignore[misc]
    """A disk cache whose entries are named by signature, processor, text of the kernels and variant.

    numba names a closure by a pickle of what it closes over, and the pickle of a compiled law differs in every process.
    """

    _impl_class = _Implementation

    def __init__(self, function: Callable[..., Any], variant: str) -> None:
        self._variant = variant
        super().__init__(function)

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return sig, codegen.magic_tuple(), self._variant


def physics(function: Function) -> Function:
    """Compile a scalar law: inlined by LLVM into every caller, never cached by itself."""
    compiled: Function = njit(fastmath=FASTMATH, error_model="numpy", forceinline=True)(function)
    return compiled


def lane_loop(function: Function) -> Function:
    """Compile a loop over lanes that LLVM may turn into vector instructions; never cached by itself.

    Its array arguments must not overlap: LLVM is told so (`noalias`), because else a look-up in a table might read what
    a lane has just stored. njit has no such option, so the flag is set where this one dispatcher makes its flags.
    """
    compiled: Any = njit(fastmath=FASTMATH, error_model="numpy")(function)
    if hasattr(compiled, "_compiler"):
        customize = compiled._compiler._customize_flags

        def with_noalias(flags: Any) -> Any:
            flags = customize(flags)
            flags.noalias = True
            return flags

        compiled._compiler._customize_flags = with_noalias
    return compiled


def driver(function: Function | None = None, *, variant: str = "full") -> Any:
    """Compile a loop over laws, with a disk cache keyed on the text of all kernels.

    Without a writable cache folder the driver compiles at every start.

    Parameters
    ----------
    function
        The loop.
    variant
        For a function that closes over laws: names the set, which numba cannot tell apart on disk.
    """
    if function is None:
        return partial(driver, variant=variant)
    compiled: Any = njit(fastmath=FASTMATH, error_model="numpy", nogil=True)(function)
    if hasattr(compiled, "_cache"):
        try:
            compiled._cache = _KernelCache(function, variant)
        except RuntimeError:  # numba's word for "no folder can be written": compile without a cache
            return compiled
    return compiled


def _without_owner(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return LLVM code for a value whose arrays, at any depth of tuples, name no owner."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo, array.parent = array.meminfo.type(None), array.parent.type(None)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for number, part in enumerate(kind):
            inner = _without_owner(context, builder, part, builder.extract_value(value, number))
            value = builder.insert_value(value, inner, number)
    return value


def _borrowed(typing: Any, value: Any) -> Any:
    """Return an array, or a record with arrays, that is not counted as a reference to them.

    numba counts the references to an array with a locked instruction whenever a record with it is made or taken apart;
    in the decisions of the lanes that was half of the time. For arrays that the caller of a driver holds while it runs;
    the result must not be bound to the name of the argument.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _without_owner(context, builder, signature.args[0], arguments[0])

    return value(value), codegen


def _same(value: Any) -> Any:
    return value


borrowed: Any = _same if config.DISABLE_JIT else intrinsic(_borrowed)
