using System.Diagnostics.CodeAnalysis;
using Adit.Interop;

namespace Adit.Dax.Pins;

/// <summary>Turns the error number of a pin that cannot be had into the exception of whoever wanted it.</summary>
public interface IPinRefusal
{
    [DoesNotReturn]
    void Throw(Errno errno);
}
