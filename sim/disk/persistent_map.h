// An ordered map whose copies are O(1): a treap that copies only the paths that change, with a
// cached digest per subtree.
//
// The shape depends on the keys alone (priorities are hashes of keys), never on the order of
// insertion. A node that only this map reaches is changed in place; a shared one is copied first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "vfs/base/hash.h"

namespace permafrost::sim {

// Traits: static std::uint64_t Priority(const Key&), and static vfs::Hash128 Digest(const Key&,
// const Value&) if Digest() is called. A lookup key may be any type that compares with Key and that
// Priority is never asked about.
//
// Threads: one thread at a time for all maps that share nodes (the digest cache is written by
// readers).
template <typename Key, typename Value, typename Traits>
class PersistentMap {
 public:
  std::size_t size() const { return CountOf(root_); }
  bool empty() const { return root_ == nullptr; }

  // The value, or null. Valid until this map changes.
  template <typename Query>
  const Value* Find(const Query& key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      if (key < node->key) {
        node = node->left.get();
      } else if (node->key < key) {
        node = node->right.get();
      } else {
        return &node->value;
      }
    }
    return nullptr;
  }

  template <typename Query>
  bool Contains(const Query& key) const {
    return Find(key) != nullptr;
  }

  // The value, ready to be changed, or null. Valid until this map changes or is copied.
  template <typename Query>
  Value* Mutable(const Query& key) {
    if (Find(key) == nullptr) return nullptr;
    NodePtr* link = &root_;
    while (true) {
      Node* node = Own(*link);
      if (key < node->key) {
        link = &node->left;
      } else if (node->key < key) {
        link = &node->right;
      } else {
        return &node->value;
      }
    }
  }

  // Inserts or replaces; returns the stored value, valid until this map changes or is copied.
  Value* Set(Key key, Value value) {
    if (Value* found = Mutable(key)) {
      *found = std::move(value);
      return found;
    }
    auto fresh = std::make_shared<Node>(std::move(key), std::move(value));
    Value* stored = &fresh->value;
    Insert(root_, std::move(fresh));
    return stored;
  }

  // Returns whether the key was there.
  template <typename Query>
  bool Erase(const Query& key) {
    if (Find(key) == nullptr) return false;
    NodePtr* link = &root_;
    while (true) {
      Node* node = Own(*link);
      --node->count;
      if (key < node->key) {
        link = &node->left;
      } else if (node->key < key) {
        link = &node->right;
      } else {
        NodePtr left = std::move(node->left);
        NodePtr right = std::move(node->right);
        *link = Merge(std::move(left), std::move(right));
        return true;
      }
    }
  }

  // Calls visit(key, value) in key order, from the first key not below `first`, until it returns
  // false.
  template <typename Query, typename Visit>
  void ForEachFrom(const Query& first, Visit&& visit) const {
    WalkFrom(root_.get(), first, visit);
  }
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    Walk(root_.get(), visit);
  }

  // Sum of Traits::Digest over the entries; O(nodes made or copied since it was last asked).
  vfs::Hash128 Digest() const { return DigestOf(root_); }

  // How many nodes of this map are also reached by the other one; O(n), for tests of sharing.
  std::size_t SharedNodes(const PersistentMap& other) const { return Shared(root_, other); }

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  struct Node {
    Node(Key k, Value v)
        : key(std::move(k)), value(std::move(v)), priority(Traits::Priority(key)) {}
    Key key;
    Value value;
    std::uint64_t priority;
    std::size_t count = 1;
    NodePtr left;
    NodePtr right;
    vfs::Hash128 digest;
    bool has_digest = false;
  };

  static std::size_t CountOf(const NodePtr& node) { return node == nullptr ? 0 : node->count; }

  // Higher priority is nearer the root; equal priorities (different keys) fall back to key order.
  static bool Above(const Node& a, const Node& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.key < b.key;
  }

  static Node* Own(NodePtr& link) {
    if (link.use_count() > 1) link = std::make_shared<Node>(*link);
    link->has_digest = false;
    return link.get();
  }

  static void Insert(NodePtr& link, NodePtr fresh) {
    NodePtr* at = &link;
    while (*at != nullptr && Above(**at, *fresh)) {
      Node* node = Own(*at);
      ++node->count;
      at = fresh->key < node->key ? &node->left : &node->right;
    }
    NodePtr below = std::move(*at);
    Split(std::move(below), fresh->key, fresh->left, fresh->right);
    fresh->count = 1 + CountOf(fresh->left) + CountOf(fresh->right);
    *at = std::move(fresh);
  }

  static void Split(NodePtr node, const Key& key, NodePtr& below, NodePtr& above) {
    if (node == nullptr) {
      below = nullptr;
      above = nullptr;
      return;
    }
    Node* own = Own(node);
    if (own->key < key) {
      NodePtr rest = std::move(own->right);
      Split(std::move(rest), key, own->right, above);
      below = std::move(node);
    } else {
      NodePtr rest = std::move(own->left);
      Split(std::move(rest), key, below, own->left);
      above = std::move(node);
    }
    own->count = 1 + CountOf(own->left) + CountOf(own->right);
  }

  static NodePtr Merge(NodePtr left, NodePtr right) {
    if (left == nullptr) return right;
    if (right == nullptr) return left;
    const std::size_t count = left->count + right->count;
    NodePtr top;
    if (Above(*left, *right)) {
      top = std::move(left);
      Node* own = Own(top);
      NodePtr rest = std::move(own->right);
      own->right = Merge(std::move(rest), std::move(right));
    } else {
      top = std::move(right);
      Node* own = Own(top);
      NodePtr rest = std::move(own->left);
      own->left = Merge(std::move(left), std::move(rest));
    }
    top->count = count;
    return top;
  }

  template <typename Query, typename Visit>
  static bool WalkFrom(const Node* node, const Query& first, Visit& visit) {
    if (node == nullptr) return true;
    if (node->key < first) return WalkFrom(node->right.get(), first, visit);
    return WalkFrom(node->left.get(), first, visit) && visit(node->key, node->value) &&
           Walk(node->right.get(), visit);
  }

  template <typename Visit>
  static bool Walk(const Node* node, Visit& visit) {
    if (node == nullptr) return true;
    return Walk(node->left.get(), visit) && visit(node->key, node->value) &&
           Walk(node->right.get(), visit);
  }

  static vfs::Hash128 DigestOf(const NodePtr& node) {
    if (node == nullptr) return {};
    if (!node->has_digest) {
      node->digest = Traits::Digest(node->key, node->value);
      node->digest += DigestOf(node->left);
      node->digest += DigestOf(node->right);
      node->has_digest = true;
    }
    return node->digest;
  }

  static std::size_t Shared(const NodePtr& node, const PersistentMap& other) {
    if (node == nullptr) return 0;
    const Node* at = other.root_.get();
    while (at != nullptr && at != node.get()) {
      if (node->key < at->key) {
        at = at->left.get();
      } else if (at->key < node->key) {
        at = at->right.get();
      } else {
        break;
      }
    }
    if (at == node.get()) return node->count;
    return Shared(node->left, other) + Shared(node->right, other);
  }

  NodePtr root_;
};

}  // namespace permafrost::sim
