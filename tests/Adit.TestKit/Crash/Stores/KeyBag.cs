using Adit.Format;

namespace Adit.TestKit.Crash.Stores;

/// <summary>The keys that are there, to pick from at random at once.</summary>
internal sealed class KeyBag
{
    private readonly List<TreeKey> _keys = [];
    private readonly Dictionary<TreeKey, int> _places = [];

    public int Count => _keys.Count;

    public void Add(TreeKey key)
    {
        if (_places.TryAdd(key, _keys.Count))
        {
            _keys.Add(key);
        }
    }

    public void Remove(TreeKey key)
    {
        if (_places.Remove(key, out int place))
        {
            TreeKey last = _keys[^1];
            _keys.RemoveAt(_keys.Count - 1);
            if (last != key)
            {
                _keys[place] = last;
                _places[last] = place;
            }
        }
    }

    public TreeKey Pick(Random random) => _keys[random.Next(_keys.Count)];
}
