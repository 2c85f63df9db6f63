using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Adit.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Adit.FileProviders.Tests;

public sealed class VolumeFileProviderTests : IDisposable
{
    private const int TestTimeoutMs = 60_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _path = TestRoot.MakeName("adit-provider-");
    private readonly Volume _volume;

    public VolumeFileProviderTests()
    {
        _volume = Volume.Create(_path, new CreateOptions { SizeBytes = 64 << 20 });
        _volume.CreateDirectory("/site/css", parents: true);
        Write("/site/index.html", "<h1>here</h1>");
        Write("/site/css/a.css", "a{}");
        Write("/secret.txt", "secret");
    }

    [Fact]
    public void File_is_shown_with_its_length_time_and_bytes()
    {
        using VolumeFileProvider provider = new(_volume, "/site");
        IFileInfo file = provider.GetFileInfo("/index.html");
        Assert.True(file.Exists && !file.IsDirectory);
        Assert.Equal(("index.html", 13L, null), (file.Name, file.Length, file.PhysicalPath));
        Assert.Equal(_volume.GetAttributes("/site/index.html").ModifyTime.Seconds, file.LastModified.ToUnixTimeSeconds());
        using StreamReader reader = new(file.CreateReadStream());
        Assert.Equal("<h1>here</h1>", reader.ReadToEnd());
    }

    [Theory]
    [InlineData("missing.html")]
    [InlineData("index.html/below")]
    [InlineData("../secret.txt")]
    [InlineData("css/../../secret.txt")]
    [InlineData("bad\0name")]
    public void What_is_not_below_the_root_is_not_found(string subpath)
    {
        using VolumeFileProvider provider = new(_volume, "/site");
        Assert.False(provider.GetFileInfo(subpath).Exists);
        Assert.False(provider.GetDirectoryContents(subpath).Exists);
    }

    [Fact]
    public void Directory_lists_its_files_and_directories_and_what_links_lead_to()
    {
        _volume.CreateSymbolicLink("/site/link.html", "index.html");
        _volume.CreateSymbolicLink("/site/broken", "nowhere");
        using VolumeFileProvider provider = new(_volume, "/site");
        IDirectoryContents contents = provider.GetDirectoryContents("");
        Assert.True(contents.Exists);
        Assert.Equal(
            [("css", true, -1L), ("index.html", false, 13L), ("link.html", false, 13L)],
            contents.Select(info => (info.Name, info.IsDirectory, info.Length)).Order());
        Assert.True(provider.GetFileInfo("css").IsDirectory);
        Assert.Equal("a.css", Assert.Single(provider.GetDirectoryContents("/css/")).Name);
    }

    [Theory(Timeout = TestTimeoutMs)]
    [InlineData("index.html", "/site/index.html")]
    [InlineData("*.html", "/site/index.html")]
    [InlineData("**/*.css", "/site/css/a.css")]
    [InlineData("**/*", "/site/css/new.css")]
    [InlineData("css/", "/site/css/new.css")]
    [InlineData("new.html", "/site/new.html")]
    public async Task Watch_fires_once_when_something_that_it_names_is_written(string filter, string changed)
    {
        using VolumeFileProvider provider = new(_volume, "/site");
        IChangeToken token = provider.Watch(filter);
        IChangeToken other = provider.Watch("css/*.js");
        Task fired = Fired(token);
        Write("/secret.txt", "elsewhere");
        await Task.Delay(100);
        Assert.False(token.HasChanged, "something else was changed");
        Write(changed, "changed");
        await fired.WaitAsync(Patience);
        Assert.True(token.HasChanged);
        Assert.False(other.HasChanged);
    }

    [Fact(Timeout = TestTimeoutMs)]
    public async Task Watch_sees_removals_renames_and_what_changes_right_after_it_began()
    {
        using VolumeFileProvider provider = new(_volume, "/site");
        Task removed = Fired(provider.Watch("css/*"));
        _volume.Delete("/site/css/a.css");
        await removed.WaitAsync(Patience);

        Task renamed = Fired(provider.Watch("moved.html"));
        _volume.Move("/site/index.html", "/site/moved.html");
        await renamed.WaitAsync(Patience);
        for (int i = 0; i < 50; i++)
        {
            Task again = Fired(provider.Watch("moved.html"));
            Write("/site/moved.html", $"{i}");
            await again.WaitAsync(Patience);
        }
    }

    [Fact]
    public void Disposed_provider_watches_no_more()
    {
        VolumeFileProvider provider = new(_volume, "/site");
        IChangeToken token = provider.Watch("index.html");
        provider.Dispose();
        Write("/site/index.html", "changed");
        Assert.False(token.HasChanged);
        Assert.Throws<ObjectDisposedException>(() => provider.Watch("index.html"));
    }

    [Fact(Timeout = TestTimeoutMs)]
    public async Task Web_server_serves_files_parts_of_them_and_knows_what_has_not_changed()
    {
        byte[] bytes = new byte[3_000_000];
        new Random(4).NextBytes(bytes);
        using (AditFile file = _volume.OpenFile("/site/data.bin", FileMode.Create))
        {
            file.Write(0, bytes);
        }

        using VolumeFileProvider provider = new(_volume, "/site");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.UseStaticFiles(new StaticFileOptions { FileProvider = provider, ServeUnknownFileTypes = true });
        await app.StartAsync();
        using HttpClient client = new() { BaseAddress = new Uri(app.Urls.First()), Timeout = Patience };

        using HttpResponseMessage whole = await client.GetAsync("/data.bin");
        Assert.Equal(bytes, await whole.Content.ReadAsByteArrayAsync());
        DateTimeOffset modified = whole.Content.Headers.LastModified!.Value;
        Assert.Equal(_volume.GetAttributes("/site/data.bin").ModifyTime.Seconds, modified.ToUnixTimeSeconds());

        using HttpRequestMessage part = new(HttpMethod.Get, "/data.bin");
        part.Headers.Range = new RangeHeaderValue(1_000_000, 1_999_999);
        using HttpResponseMessage range = await client.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, range.StatusCode);
        Assert.Equal(bytes[1_000_000..2_000_000], await range.Content.ReadAsByteArrayAsync());

        using HttpRequestMessage known = new(HttpMethod.Get, "/data.bin");
        known.Headers.IfModifiedSince = modified;
        using HttpResponseMessage same = await client.SendAsync(known);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal("text/css", (await client.GetAsync("/css/a.css")).Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/%2e%2e/secret.txt")).StatusCode);
        await app.StopAsync();
    }

    public void Dispose()
    {
        _volume.Dispose();
        File.Delete(_path);
    }

    private static Task Fired(IChangeToken token)
    {
        TaskCompletionSource fired = new(TaskCreationOptions.RunContinuationsAsynchronously);
        token.RegisterChangeCallback(static state => ((TaskCompletionSource)state!).SetResult(), fired);
        return fired.Task;
    }

    private void Write(string path, string text)
    {
        using AditFile file = _volume.OpenFile(path, FileMode.Create);
        file.Write(0, Encoding.UTF8.GetBytes(text));
    }
}
