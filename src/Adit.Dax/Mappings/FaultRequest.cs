using Adit.Dax.Layouts;
using Adit.Dax.Pins;

namespace Adit.Dax.Mappings;

/// <summary>What an access asks of a fault.</summary>
/// <param name="Page">The page.</param>
/// <param name="Pages">All pages of the access: how far it will go on.</param>
/// <param name="Access">What for.</param>
/// <param name="TakesPin">Pin the entry as soon as it is there.</param>
/// <param name="IsTracked">Stores are found by the hardware: a pin for writing does not keep the entry dirty.</param>
internal readonly record struct FaultRequest(PageIndex Page, PageRange Pages, PinAccess Access, bool TakesPin, bool IsTracked = false)
{
    public bool IsWrite => (Access & PinAccess.Write) != 0;

    public bool IsSync => (Access & PinAccess.Sync) != 0;

    public bool IsDirect => (Access & PinAccess.Direct) != 0;
}
