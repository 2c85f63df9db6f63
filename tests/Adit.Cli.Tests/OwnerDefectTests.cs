using Adit.Cli.CommandLine;
using Adit.Cli.Inspection;
using Adit.Cli.Maps;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Metadata;

namespace Adit.Cli.Tests;

public sealed class OwnerDefectTests
{
    /// <summary>A defect that a client's request meets ends the request, not the process that serves the mount.</summary>
    [Fact]
    public void Broken_invariant_is_the_answer_to_the_client_and_the_owner_goes_on()
    {
        using var folder = new TestFolder();
        var path = folder.MakeVolume();
        using var volume = Volume.Open(path);
        using var server = new OwnerServer(path, new DefectiveInspector(new VolumeInspector(volume)), () => { });

        using (var client = OwnerClient.TryConnect(path)!)
        {
            var failure = Assert.Throws<CommandFailure>(() => client.GetNode("/"));
            Assert.Contains("defect", failure.Message, StringComparison.Ordinal);
        }

        using var next = OwnerClient.TryConnect(path)!;
        Assert.Equal(volume.GetInformation().VolumeId, next.GetInformation().VolumeId);
    }

    private sealed class DefectiveInspector(IVolumeInspector inner) : IVolumeInspector
    {
        public VolumeReport GetInformation() => inner.GetInformation();

        public NodeReport GetNode(string path) => throw new InvariantException("a test does not break it");

        public VolumeMap GetMap() => inner.GetMap();

        public FlagsReport SetFlags(string path, FlagRequest request) => inner.SetFlags(path, request);

        public QuotaReport Quota(QuotaRequest request, ICheckListener listener) => inner.Quota(request, listener);

        public FsckReport Check(bool repair, ICheckListener listener) => inner.Check(repair, listener);

        public void Dispose() => inner.Dispose();
    }
}
