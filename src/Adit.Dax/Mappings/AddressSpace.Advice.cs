using Adit.Dax.Layouts;
using Adit.Dax.Pins;
using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <content>Advice for ranges.</content>
public sealed unsafe partial class AddressSpace
{
    private readonly record struct AdvisedRange(PageRange Pages, MappingAdvice Advice);

    // Replaced as a whole with the mapping held alone. Later ranges win.
    private AdvisedRange[] _advice = [];

    /// <summary>Switches how a range is used. Takes write access back first, so that each next store asks under the new rule; pins for
    /// writing that are out stay as they are.</summary>
    /// <returns>EOPNOTSUPP: synchronous access where the medium cannot. EINVAL: no range.</returns>
    public Errno Advise(PageRange pages, MappingAdvice advice)
    {
        if (pages.IsEmpty || pages.First.Value < 0)
        {
            return Errno.EINVAL;
        }

        if (advice == MappingAdvice.Sync && !CanSync)
        {
            return Errno.ENOTSUP;
        }

        _mapping.EnterExclusive();
        try
        {
            AdvisedRange[] others = [.. _advice.Where(range => !pages.Contains(range.Pages))];
            _advice = advice == MappingAdvice.None && !Array.Exists(others, range => range.Pages.Overlaps(pages))
                ? others
                : [.. others, new AdvisedRange(pages, advice)];
            _ = TakeWriteAccessLocked(pages);
        }
        finally
        {
            _mapping.ExitExclusive();
        }

        return Errno.Success;
    }

    /// <summary>With the mapping held.</summary>
    private PinAccess AdviceFor(PageIndex page, bool isWrite)
    {
        if (isWrite)
        {
            for (int i = _advice.Length - 1; i >= 0; i--)
            {
                if (_advice[i].Pages.Contains(page))
                {
                    return _advice[i].Advice switch
                    {
                        MappingAdvice.Sync => PinAccess.Sync,
                        MappingAdvice.Direct => PinAccess.Direct,
                        _ => PinAccess.Read,
                    };
                }
            }
        }

        return PinAccess.Read;
    }
}
