using System.Runtime.InteropServices;

namespace Adit.TestKit.Simulation;

public sealed unsafe partial class SimulatedMedium
{
    private const int SectorLines = 512 / LineSize;

    private const int MostDecidedPages = 128;

    private readonly List<int> _ownPages = [];
    private readonly List<int> _decidedPages = [];

    /// <summary>Units that images of this medium mixed of old and new parts.</summary>
    public long TornUnitCount { get; private set; }

    /// <summary>Finds what is undecided now.</summary>
    public void Capture(CrashState state)
    {
        state.Lines.Clear();
        state.IsPending.Clear();
        state.PageCount = 0;
        _working.CollectOwnPages(state.Pages);
        foreach (int page in state.Pages)
        {
            byte* working = _working.Start + ((long)page * SimulatedView.PageSize);
            byte* persisted = _persisted.Start + ((long)page * SimulatedView.PageSize);
            if (new ReadOnlySpan<byte>(working, SimulatedView.PageSize).SequenceEqual(new ReadOnlySpan<byte>(persisted, SimulatedView.PageSize)))
            {
                _decidedPages.Add(page);
                continue;
            }

            state.PageCount++;
            for (int line = 0; line < LinesPerPage; line++)
            {
                int at = line * LineSize;
                if (!new ReadOnlySpan<byte>(working + at, LineSize).SequenceEqual(new ReadOnlySpan<byte>(persisted + at, LineSize)))
                {
                    int number = (page * LinesPerPage) + line;
                    state.Lines.Add(number);
                    state.IsPending.Add(_pending.Contains(number));
                }
            }
        }

        DropDecidedPages();
    }

    /// <summary>How many things of a state persist together or not: lines, or pages.</summary>
    public int UnitCount(CrashState state) => Model == DurabilityModel.CacheLine ? state.Lines.Count : state.PageCount;

    /// <summary>Fills an image medium with what a loss of power now could leave.</summary>
    /// <param name="state">From <see cref="Capture"/>, with no event since.</param>
    /// <param name="choice">Which image.</param>
    /// <param name="image">From <see cref="MakeImageMedium"/>.</param>
    /// <param name="mayCrash">Keep track of what persists on the image, so that images of it can be taken.</param>
    /// <param name="seed">Of the random choices.</param>
    public void MakeImage(CrashState state, ImageChoice choice, SimulatedMedium image, bool mayCrash, int seed)
    {
        Random random = new(seed);
        image.Reset(mayCrash, random.Next());
        image.CopyOwnPages(this);
        for (int i = 0, unit = 0; i < state.Lines.Count; unit++)
        {
            int end = i + 1;
            if (Model == DurabilityModel.Page)
            {
                int page = state.Lines[i] / LinesPerPage;
                while (end < state.Lines.Count && state.Lines[end] / LinesPerPage == page)
                {
                    end++;
                }
            }

            bool isNew = choice.Mode switch
            {
                ImageMode.AllOld => false,
                ImageMode.AllNew => true,
                ImageMode.OnlyOne => unit == choice.Number,
                ImageMode.AllButOne => unit != choice.Number,
                ImageMode.Exhaustive => ((choice.Number >> unit) & 1) != 0,
                ImageMode.Prefix => unit < choice.Number,
                _ => random.NextDouble() < (state.IsPending[i] ? choice.PendingNew : choice.OtherNew),
            };
            if (choice.Torn > 0 && random.NextDouble() < choice.Torn)
            {
                TornUnitCount++;
                CopyTorn(CollectionsMarshal.AsSpan(state.Lines)[i..end], image, random);
            }
            else if (isNew)
            {
                foreach (int line in CollectionsMarshal.AsSpan(state.Lines)[i..end])
                {
                    CopyLine(line, image);
                }
            }

            i = end;
        }
    }

    /// <summary>Lets some undecided lines persist for good, marked or not.</summary>
    public void EvictSome(CrashState state, double probability)
    {
        foreach (int line in state.Lines)
        {
            if (_random.NextDouble() < probability)
            {
                _pending.Evict(line, _working, _persisted);
            }
        }
    }

    /// <summary>Own pages that equal the common bytes are only in the way of the next capture.</summary>
    private void DropDecidedPages()
    {
        if (_persisted.IsShared && _decidedPages.Count > MostDecidedPages)
        {
            foreach (int page in _decidedPages)
            {
                _working.Drop(page);
            }
        }

        _decidedPages.Clear();
    }

    /// <summary>Forgets everything but the common bytes, as power loss with nothing persisted since would.</summary>
    private void Reset(bool tracks, int seed)
    {
        _working.Drop();
        _persisted.Drop();
        _pending.Clear();
        _random = new Random(seed);
        _tracks = tracks;
        EventCount = 0;
    }

    private void CopyOwnPages(SimulatedMedium source)
    {
        source._persisted.CollectOwnPages(_ownPages);
        foreach (int page in _ownPages)
        {
            long offset = (long)page * SimulatedView.PageSize;
            ReadOnlySpan<byte> bytes = source._persisted.Bytes(offset, SimulatedView.PageSize);
            bytes.CopyTo(_working.Bytes(offset, SimulatedView.PageSize));
            if (_tracks)
            {
                bytes.CopyTo(_persisted.Bytes(offset, SimulatedView.PageSize));
            }
        }
    }

    private void CopyTorn(ReadOnlySpan<int> lines, SimulatedMedium image, Random random)
    {
        bool bySector = Model == DurabilityModel.Page && random.Next(4) != 0;
        int sector = -1;
        bool sectorIsNew = false;
        foreach (int line in lines)
        {
            if (!bySector)
            {
                CopyWords(line, image, random.Next(256));
                continue;
            }

            if (line / SectorLines != sector)
            {
                sector = line / SectorLines;
                sectorIsNew = random.Next(2) == 0;
            }

            if (sectorIsNew)
            {
                CopyLine(line, image);
            }
        }
    }

    private void CopyLine(int line, SimulatedMedium image) => CopyWords(line, image, 0xFF);

    private void CopyWords(int line, SimulatedMedium image, int mask)
    {
        long offset = (long)line * LineSize;
        ulong* from = (ulong*)(_working.Start + offset);
        ulong* to = (ulong*)(image._working.Start + offset);
        ulong* persisted = (ulong*)(image._persisted.Start + offset);
        for (int word = 0; word < LineSize / sizeof(ulong); word++)
        {
            if ((mask & (1 << word)) == 0)
            {
                continue;
            }

            to[word] = from[word];
            if (image._tracks)
            {
                persisted[word] = from[word];
            }
        }
    }
}
